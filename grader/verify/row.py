"""What one part of a verification found out about one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One thing that was looked at.

    Attributes:
        subject: what it is: a step, a file, a mistake, a place in a file.
        holds: whether it is as it should be.
        message: what is wrong and what to do about it, or what was found; one line.
        details: further lines, as (label, text) pairs.
    """

    subject: str
    holds: bool
    message: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Part:
    """One promise of a challenge.

    Attributes:
        name: one word.
        promise: what holds if every row does.
        size: how many rows there will be, about: for a progress bar.
        rows: looks at one thing after another.
    """

    name: str
    promise: str
    size: int
    rows: Iterator[Row]


@dataclass(frozen=True)
class Findings:
    """All rows of a part, and how long it took to find them."""

    part: Part
    rows: tuple[Row, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        return not self.short

    @property
    def short(self) -> tuple[Row, ...]:
        """The rows that fall short."""
        return tuple(row for row in self.rows if not row.holds)
