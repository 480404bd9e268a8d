"""Keeps what the checks asked the submission and what it answered, so that the same can be asked of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_BYTES = 256 * 1024**2  # of messages that are kept; the checks of a whole challenge need about 30 MiB

Target = tuple[str, str]  # module and name of the function or class that a check is about
Request = dict[str, Any]
Reply = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """One message: requests that are done one after the other, and what came back for the last."""

    requests: list[Request]
    reply: Reply


Example = list[Exchange]


@dataclass
class CheckRecording:
    """All that one check asked, example by example. Not whole where something had to be left out."""

    target: Target
    examples: list[Example] = field(default_factory=lambda: [[]])
    whole: bool = True


class Recording:
    """What was asked and answered during each check of a run, by check id."""

    def __init__(self) -> None:
        self.checks: dict[str, CheckRecording] = {}
        self.current: CheckRecording | None = None
        self.bytes = 0

    def begin_check(self, check: str, target: Target) -> None:
        self.current = self.checks[check] = CheckRecording(target)

    def begin_example(self) -> None:
        """Begin another example of the check."""
        if self.current is not None and self.current.examples[-1]:
            self.current.examples.append([])

    def end_check(self, *, whole: bool) -> None:
        """Note no more until the next check begins; not `whole` says that something was asked that is not here."""
        if self.current is not None:
            self.current.whole = self.current.whole and whole
        self.current = None

    def note(self, requests: list[Request], reply: Reply, size: int) -> None:
        """Keep one message and its reply, which take so many bytes together."""
        if self.current is None:
            return
        self.bytes += size
        if self.bytes > MAX_BYTES:
            self.current.whole = False
        else:
            self.current.examples[-1].append(Exchange(requests, reply))
