"""The form of an entry in the tables of wrong answers."""

from __future__ import annotations

from dataclasses import dataclass

from grader.verdict import Outcome
from tests.submissions import Answer


@dataclass(frozen=True)
class WrongAnswer:
    """An answer that must not pass.

    Attributes:
        caught_by: names of the checks of its step that must end in `outcome`; others may catch it as well.
        step: the step whose checks are run: that of the changed file, as a rule.
    """

    answer: Answer
    caught_by: tuple[str, ...]
    step: str
    outcome: Outcome = Outcome.FAILED

    @property
    def name(self) -> str:
        return self.answer.name

    @property
    def check_ids(self) -> tuple[str, ...]:
        return tuple(f"{self.step}.{check}" for check in self.caught_by)


def wrong(
    name: str,
    *caught_by: str,
    file: str,
    outcome: Outcome = Outcome.FAILED,
    step: str = "",
    edits: dict[str, str] | None = None,
    source: str | None = None,
    **bodies: str,
) -> WrongAnswer:
    """Make one entry; `bodies` are the marked places that are filled otherwise, by function name."""
    answer = Answer(name, file, bodies=bodies, edits=edits or {}, source=source)
    return WrongAnswer(answer, caught_by, step or answer.step, outcome)
