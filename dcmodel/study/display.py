"""A running study on the screen: a live table on a terminal, one line per case elsewhere."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from dcmodel.study.events import Event

if TYPE_CHECKING:
    import pandas as pd

_STYLE = {"done": "green", "cached": "green", "failed": "red", "interrupted": "yellow"}
_WORD = {
    "queued": "waiting",
    "started": "running",
    "stage": "running",
    "cached": "done before",
    "done": "done",
}


@dataclass
class _Row:
    event: Event
    started: float = 0.0
    values: dict[str, Any] = field(default_factory=dict)


class Display:
    """Watches a run; use it as a context manager and pass it as `progress` of `run_study`.

    Parameters
    ----------
    console : rich.console.Console
        Where to draw.
    quiet : bool
        Draw nothing.
    """

    def __init__(self, console: Console, *, quiet: bool = False) -> None:
        self.console = console
        self.quiet = quiet
        self.rows: dict[str, _Row] = {}
        self.started = time.monotonic()
        self.live: Live | None = None

    def __enter__(self) -> Display:
        if self.console.is_terminal and not self.quiet:
            self.live = Live(console=self.console, get_renderable=self._table, refresh_per_second=2)
            self.live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.live is not None:
            self.live.__exit__(kind, error, trace)

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        row = self.rows.setdefault(event.case, _Row(event))
        row.event = event
        row.values |= event.values
        if event.kind == "started":
            row.started = time.monotonic()
        if self.live is None and not self.quiet and event.kind in {"done", "failed", "cached"}:
            self.console.print(_line(event), highlight=False, soft_wrap=True, markup=False)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("case", no_wrap=True)
        table.add_column("stage")
        for name in ("seconds", "USD/MWh IT", "gap"):
            table.add_column(name, justify="right")
        table.add_column("status")
        for name, row in self.rows.items():
            kind = row.event.kind
            table.add_row(
                name,
                row.event.stage if kind in {"started", "stage", "failed"} else "",
                f"{self._seconds(row):.0f}" if kind not in {"queued", "cached"} else "",
                _number(row.values, "levelised_cost", "z.2f"),
                _gap(row.values) or _number(row.values, "gap", "z.2%"),
                _WORD.get(kind, kind),
                style=_STYLE.get(kind),
            )
        ended = sum(row.event.kind in _STYLE for row in self.rows.values())
        elapsed = _clock(time.monotonic() - self.started)
        table.caption = f"{ended} of {len(self.rows)} cases, {elapsed}{self._remaining(ended)}"
        table.caption_justify = "left"
        return table

    def _seconds(self, row: _Row) -> float:
        running = row.event.kind in {"started", "stage"}
        return time.monotonic() - row.started if running else row.event.seconds

    def _remaining(self, ended: int) -> str:
        """Return the time to go, judged from the cases that ran to their end in this run."""
        ran = sum(row.event.kind in {"done", "failed"} for row in self.rows.values())
        left = len(self.rows) - ended
        if not ran or not left:
            return ""
        return f", about {_clock((time.monotonic() - self.started) / ran * left)} to go"


def ranking(summary: pd.DataFrame) -> Table:
    """Return the ranked table shown at the end of a study.

    Parameters
    ----------
    summary : pandas.DataFrame
        What `dcmodel.study.summary.summarise` returns: best first, indexed by case.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = [column for column in _RANKED if column[0] in summary.columns]
    if LOST[0] in summary.columns and (summary[LOST[0]] >= 1.0).any():
        shown.insert(2, LOST)
    table.add_column("", justify="right")
    table.add_column("case", no_wrap=True)
    for _, title, _ in shown:
        table.add_column(title, justify="right")
    for position, (name, row) in enumerate(summary.iterrows(), start=1):
        values = {str(key): value for key, value in row.items()}
        cells = [
            _gap(values) if key == "certified_gap" else _number(values, key, form)
            for key, _, form in shown
        ]
        table.add_row(str(position), str(name), *cells)
    return table


LOST = ("work_lost_total_mwh", "lost MWh", "z,.0f")
"""Work that plans lose: shown where one does."""
_RANKED = (
    ("levelised_cost_usd_per_mwh", "USD/MWh IT", "z,.2f"),
    ("reference_levelised_cost_usd_per_mwh", "reference", "z,.2f"),
    ("certified_gap", "gap", "z.2%"),
    ("seconds", "seconds", "z,.0f"),
)


def _line(event: Event) -> str:
    if event.kind == "failed":
        first = (event.message.splitlines() or [""])[0]
        return f"{event.case}  failed after {event.seconds:.0f} s in {event.stage}: {first}"
    cost = _number(event.values, "levelised_cost", "z.2f")
    parts = [event.case, _WORD[event.kind]]
    if event.kind == "done":
        parts.append(f"{event.seconds:.1f} s")
    if cost:
        parts.append(f"{cost} USD/MWh IT")
    gap = _gap(event.values)
    if gap:
        parts.append(gap if isinstance(event.values["certified_gap"], str) else f"gap {gap}")
    return "  ".join(parts)


def _gap(values: dict[str, Any]) -> str:
    """Return the certified gap of a result, or the words that stand for it."""
    value = values.get("certified_gap")
    words = value if isinstance(value, str) else _number(values, "certified_gap", "z.2%")
    return words + _open(values) if words else ""


def _open(values: dict[str, Any]) -> str:
    """Mark a gap that is wider than the study asked for."""
    return " (open)" if values.get("status") == "gap_not_reached" else ""


def _number(values: dict[str, Any], key: str, form: str) -> str:
    value = values.get(key)
    return format(value, form) if isinstance(value, int | float) and value == value else ""


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
