"""Tokens, counted in one declared way: output alone, or input and output together.

Published figures mix the two; a long prompt makes them differ tenfold. A `Tokens` value carries its
count and refuses arithmetic with the other; `Request.convert` changes the count where the lengths
of a request are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dcmodel.base.errors import Fault, StudyError
from dcmodel.base.registry import nearest


class Counted(StrEnum):
    """Which tokens a figure counts."""

    OUTPUT = "output"
    """Tokens generated."""
    INPUT_AND_OUTPUT = "input_and_output"
    """Tokens of the prompt and tokens generated."""


def counted(text: str, where: str = "tokens") -> Counted:
    """Return the count of a name; refuse others with the nearest."""
    try:
        return Counted(text)
    except ValueError:
        allowed = [item.value for item in Counted]
        msg = f"found '{text}'{nearest(text, allowed)} (allowed: {', '.join(allowed)})"
        raise StudyError(Fault(where, msg)) from None


@dataclass(frozen=True)
class Tokens:
    """An amount of tokens, or of tokens per something, with what it counts."""

    amount: float
    counted: Counted

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.amount + self._same(other), self.counted)

    def __sub__(self, other: Tokens) -> Tokens:
        return Tokens(self.amount - self._same(other), self.counted)

    def __mul__(self, factor: float) -> Tokens:
        return Tokens(self.amount * factor, self.counted)

    __rmul__ = __mul__

    def __truediv__(self, other: Tokens | float) -> Tokens | float:
        if isinstance(other, Tokens):
            return self.amount / self._same(other)
        return Tokens(self.amount / other, self.counted)

    def __lt__(self, other: Tokens) -> bool:
        return self.amount < self._same(other)

    def _same(self, other: Tokens) -> float:
        """Return the other amount; refuse one that counts other tokens."""
        if not isinstance(other, Tokens) or other.counted is not self.counted:
            found = other.counted.value if isinstance(other, Tokens) else f"a bare {other!r}"
            msg = (
                f"found {found} beside {self.counted.value} tokens; count one way throughout, or "
                "convert with the input and output tokens of a request"
            )
            raise StudyError(Fault("tokens", msg))
        return other.amount


@dataclass(frozen=True)
class Request:
    """Lengths of a mean request."""

    input_tokens: float
    output_tokens: float
    cache_hit: float = 0.0
    """Share of the input whose keys and values stand in a cache already [1]."""

    def __post_init__(self) -> None:
        faults = []
        if self.input_tokens < 0:
            msg = f"found {self.input_tokens:g}; allowed: 0 or more"
            faults.append(Fault("input_tokens", msg))
        if self.output_tokens <= 0:
            msg = f"found {self.output_tokens:g}; allowed: above 0"
            faults.append(Fault("output_tokens", msg))
        if not 0 <= self.cache_hit <= 1:
            faults.append(Fault("cache_hit", f"found {self.cache_hit:g}; allowed: 0 to 1"))
        if faults:
            raise StudyError(faults)

    def tokens(self, kind: Counted) -> Tokens:
        """Return the tokens of one request, counted as `kind`."""
        output = self.output_tokens
        total = output if kind is Counted.OUTPUT else output + self.input_tokens
        return Tokens(total, kind)

    def convert(self, tokens: Tokens, kind: Counted) -> Tokens:
        """Return tokens of such requests, counted as `kind`."""
        return Tokens(
            tokens.amount / self.tokens(tokens.counted).amount * self.tokens(kind).amount, kind
        )
