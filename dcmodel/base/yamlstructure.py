"""What a YAML file may be made of: plain mappings, lists and numbers that can be meant."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from dcmodel.base.errors import DcmodelError, Fault

_FLOAT_TAG = "tag:yaml.org,2002:float"
_NUMBER_TAGS = frozenset({_FLOAT_TAG, "tag:yaml.org,2002:int"})
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge")
)
_MAX_DEPTH = 60
_MAX_PARTS = 200_000
"""Parts of a file with its aliases written out; more is an accident, or meant to fill memory."""
_LARGEST = 1e15
"""Largest number of a file: beyond it is no quantity of this model in any unit it takes."""


def checked_structure(path: Path, root: Node | None, error: type[DcmodelError]) -> MappingNode:
    """Refuse what is no plain mapping: an empty file, repeated keys, aliases in a circle."""
    if root is None:
        raise error(Fault(f"{path}:1:1", "is empty; a mapping of keys is expected"))
    if not isinstance(root, MappingNode):
        raise error(Fault(f"{path}:1:1", "the top level must be a mapping of 'key: value' lines"))
    # rates of utilities are JSON, and write infinity as 9.9e37
    structure = _Structure(largest=float("inf") if path.suffix == ".json" else _LARGEST)
    structure.measure(root)
    if structure.faults:
        raise error(
            Fault(f"{path}:{row}:{col}", message)
            for row, col, message in sorted(set(structure.faults))
        )
    return root


@dataclass
class _Structure:
    """Walks the nodes of a file once, however often aliases repeat them."""

    largest: float = _LARGEST
    faults: list[tuple[int, int, str]] = field(default_factory=list)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Parts below each node with aliases written out, and levels; none while it is open."""
    above: set[int] = field(default_factory=set)

    def measure(self, node: Node) -> tuple[int, int]:
        """Return parts and levels of a node, and keep what is wrong below it."""
        if id(node) in self.above:
            return self._fault(node, "an alias (*name) stands inside what it names; write it out")
        if id(node) in self.sizes:
            return self.sizes[id(node)]
        if len(self.above) > _MAX_DEPTH:
            return self._fault(node, f"is nested more than {_MAX_DEPTH} levels deep")
        self.above.add(id(node))
        parts, levels = 1, 0
        for below in self._children(node):
            count, depth = self.measure(below)
            parts, levels = parts + count, max(levels, depth + 1)
        self.above.discard(id(node))
        if parts > _MAX_PARTS:
            self._fault(node, f"holds more than {_MAX_PARTS} parts, aliases written out; shorten")
            parts = 1  # said once, not by all that stands above
        if levels > _MAX_DEPTH:
            self._fault(node, f"is nested more than {_MAX_DEPTH} levels deep")
            levels = 0
        self.sizes[id(node)] = parts, levels
        return parts, levels

    def _children(self, node: Node) -> list[Node]:
        """Return the nodes below one, and keep what is wrong with the node itself."""
        if node.tag not in _PLAIN_TAGS:
            self._fault(node, f"found the tag '{_short_tag(node.tag)}'; write plain values")
            return []
        if isinstance(node, MappingNode):
            self.faults += _key_faults(node)
            return [value for _, value in node.value]
        if isinstance(node, SequenceNode):
            return list(node.value)
        if node.tag in _NUMBER_TAGS:
            self._number(node)
        return []

    def _number(self, node: Node) -> None:
        """Keep a fault where a scalar is no number that can be meant."""
        text = str(node.value).lower().replace("_", "")
        if text.strip("+-") in {".inf", ".nan"}:
            self._fault(node, f"found {node.value}; a finite number is required")
            return
        try:
            size = abs(float(text))
        except ValueError:
            return  # octal, sexagesimal and the like: the constructor reads them
        if size > self.largest:
            self._fault(
                node, f"found {node.value[:30]}; at most {self.largest:g} in size is allowed"
            )

    def _fault(self, node: Node, message: str) -> tuple[int, int]:
        mark = node.start_mark
        self.faults.append((mark.line + 1, mark.column + 1, message))
        return 1, 0


def _short_tag(tag: str | None) -> str:
    return str(tag).replace("tag:yaml.org,2002:", "!!")


def _key_faults(node: MappingNode) -> list[tuple[int, int, str]]:
    first: dict[tuple[str | None, str], int] = {}
    faults = []
    for key, _ in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1
        if not isinstance(key, ScalarNode):
            faults.append((line, column, "a key must be a plain word or number"))
        elif (key.tag, key.value) in first:
            earlier = first[key.tag, key.value]
            msg = f"key '{key.value}' is given twice (first on line {earlier}); keep one"
            faults.append((line, column, msg))
        else:
            first[key.tag, key.value] = line
    return faults
