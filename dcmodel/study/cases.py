"""Cases: one site under one scenario, over all years, with a content hash."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

import dcmodel
from dcmodel.base.paths import data_dir
from dcmodel.base.yamlfile import YamlFile
from dcmodel.study.check import named_files
from dcmodel.study.findings import as_written
from dcmodel.study.load import Study
from dcmodel.study.spec import SiteEntry, StudySpec

MODEL_VERSION = 15
"""Rises whenever results of an unchanged study change; finished cases are then run again."""

PORTFOLIO = "portfolio"
"""Name that stands for all sites together, where a case has a site."""

NOT_HASHED = frozenset({"name", "description", "outputs"})
"""Keys that do not change the result of a case."""


@dataclass(frozen=True)
class Case:
    """One site under one scenario.

    Parameters
    ----------
    spec : StudySpec
        The study as it holds for this case: the scenario is applied, what the site entry states
        (weather, prices, carbon, cooling, installed IT) stands in the study's own fields, and
        ``spec.sites`` holds this site alone.
    site : SiteEntry
        The site of the case.
    scenario : str
        Name of the scenario.
    folder : Path
        Folder that relative paths start from.
    source : YamlFile, optional
        The file the study was read from: messages name places in it.
    """

    spec: StudySpec
    site: SiteEntry
    scenario: str
    folder: Path
    source: YamlFile | None = None

    @property
    def name(self) -> str:
        """``site/scenario``; the sites of a portfolio are named below it."""
        if self.spec.mode == PORTFOLIO and not self.is_portfolio:
            return f"{PORTFOLIO}/{self.scenario}/{self.site.label}"
        return f"{self.site.label}/{self.scenario}"

    @property
    def is_portfolio(self) -> bool:
        """Whether the case is a portfolio as a whole."""
        return self.spec.mode == PORTFOLIO and self.site.label == PORTFOLIO

    def file(self, name: str) -> Path:
        """Return the path of a file that the study names."""
        return self.folder / name

    def place(self, loc: tuple[str, ...]) -> str:
        """Return ``file:line:column`` of a setting, or of what encloses it, and its dotted key."""
        if loc[:1] == ("sites",) and not self.is_portfolio:
            loc = ("sites", self.site.label, *loc[1:])
        key = ".".join(loc)
        if self.source is None:
            return key
        return f"{self.source.where(as_written(self.source.data, loc))}  {key}"

    @cached_property
    def hash(self) -> str:
        """Content hash over everything the result depends on, 16 hexadecimal digits."""
        document = self.spec.model_dump(by_alias=True, mode="json", exclude=set(NOT_HASHED))
        content = {
            "spec": document,
            "files": {
                name: _descriptor_digest(self.file(name)) for _, name in named_files(self.spec)
            },
            "library": library_digest(),
            "dcmodel": dcmodel.__version__,
            "model": MODEL_VERSION,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def cases(study: Study) -> list[Case]:
    """Return the cases of a study, sites first, in the order of the file."""
    specs = {name: study.scenario(name) for name in study.spec.scenarios}
    if study.spec.mode == PORTFOLIO:
        whole = SiteEntry(label=PORTFOLIO)
        return [Case(s, whole, name, study.folder, study.source) for name, s in specs.items()]
    found = []
    for entry in study.spec.sites:
        for scenario, spec in specs.items():
            [site] = [site for site in spec.sites if site.label == entry.label]
            found.append(Case(_of_site(spec, site), site, scenario, study.folder, study.source))
    return found


def case_of_site(case: Case, label: str) -> Case:
    """Return one site of a portfolio as a case of its own."""
    [site] = [site for site in case.spec.sites if site.label == label]
    return Case(_of_site(case.spec, site), site, case.scenario, case.folder, case.source)


def _of_site(spec: StudySpec, site: SiteEntry) -> StudySpec:
    """Return the study with the settings of one site in place of its own."""
    stated = {
        key: value
        for key in ("weather", "prices", "carbon", "cooling", "it_capacity_mw")
        if (value := getattr(site, key)) is not None
    }
    return spec.model_copy(update={**stated, "sites": (site,)})


def library_digest() -> str:
    """Return a digest of the content of every file of the data library."""
    folder = data_dir()
    files = sorted(_files_below(folder))
    stamps = [path.stat() for path in files]
    return _library_digest(folder, tuple((s.st_mtime_ns, s.st_size) for s in stamps), tuple(files))


@lru_cache(maxsize=4)
def _library_digest(
    folder: Path, stamps: tuple[tuple[int, int], ...], files: tuple[Path, ...]
) -> str:
    """Digest the files; `stamps` makes a changed file count within one session."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(bytes.fromhex(_file_digest(path)))
    return digest.hexdigest()


def _files_below(folder: Path) -> list[Path]:
    return [
        Path(root) / name
        for root, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".") and not name.endswith((".pyc", "~"))
    ]


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _descriptor_digest(path: Path) -> str:
    """Return the digest of a file and, for a YAML descriptor, of the files it names."""
    digest = hashlib.sha256(_file_digest(path).encode())
    if path.suffix.lower() in {".yaml", ".yml"}:
        try:
            content = YAML(typ="safe", pure=True).load(path)
        except YAMLError:
            content = None  # its reader will say what is wrong
        for name in sorted(_texts(content)):
            if (path.parent / name).is_file():
                digest.update(_file_digest(path.parent / name).encode())
    return digest.hexdigest()


def _texts(content: Any) -> set[str]:
    if isinstance(content, str):
        return {content} if content and "\n" not in content and len(content) < 1000 else set()
    if isinstance(content, dict):
        return {text for item in content.values() for text in _texts(item)}
    if isinstance(content, list):
        return {text for item in content for text in _texts(item)}
    return set()
