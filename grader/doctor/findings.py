"""What an examination comes to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line: what was examined, how it is, and where it is not in order, what to do."""

    what: str
    state: str
    mend: str = ""

    @property
    def is_in_order(self) -> bool:
        return not self.mend
