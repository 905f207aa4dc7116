"""What array constraints and expressions share: a rule that is called once.

Rules are ordinary Pyomo rules. Each is called with index placeholders when the component is
declared; the template is evaluated by numpy when the model is compiled. A single row or expression
is still an ordinary Pyomo object, made when somebody asks for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from dcmodel.arrays.errors import NotTemplatableError
from dcmodel.arrays.indexed import ArrayIndexed
from dcmodel.arrays.templates import Template, numbers_only, templatize

_logger = logging.getLogger(__name__)

Rule = Callable[..., Any]


class Ruled(ArrayIndexed):
    """A component made by a rule: its template, or the reason why there is none."""

    template: Template | None = None
    reason: str = ""
    _rule_function: Rule

    def _construct_template(self) -> None:
        block = self.parent_block()
        index_set = self._index_set
        try:
            self.template = templatize(block, self._rule_function, index_set)
        except NotTemplatableError as error:
            name = self.name
            self.reason = str(error)
            _logger.info("%s is compiled row by row: %s", name, self.reason)

    def _call_rule(self, index: Any) -> Any:
        parts = () if not self.axes else index if isinstance(index, tuple) else (index,)
        with numbers_only():
            return self._rule_function(self.parent_block(), *parts)

    def forget_elements(self) -> None:
        """Drop the elements made so far; they are made anew when somebody asks for them."""
        raise NotImplementedError
