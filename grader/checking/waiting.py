"""Which steps wait for which: a step's checks are run once the checks of the steps that it needs have passed.

With `--only`, a needed step may not be among those that were asked for. Its checks are then run all the same, in
silence: no result of theirs is reported, and they end at the first that does not pass.
"""

from __future__ import annotations

from grader.challenge import Challenge, Step
from grader.verdict import CheckResult, Outcome


class Waiting:
    """What is known of the needed steps while a run lasts."""

    def __init__(self, challenge: Challenge, only: frozenset[str]) -> None:
        """Expect the checks of all steps, or of those in `only` and of the steps that these need."""
        self.challenge = challenge
        self.wanted = tuple(step for step in challenge.steps if not only or step.name in only)
        names = {step.name for step in self.wanted}
        self.silent = frozenset(needed_steps(challenge, self.wanted) - names)
        self.not_green: set[str] = set()

    def is_expected(self, step: str) -> bool:
        """True if checks of this step are run, in silence or not."""
        return step in self.silent or any(step == wanted.name for wanted in self.wanted)

    def note(self, result: CheckResult) -> None:
        if result.outcome is not Outcome.PASSED:
            self.not_green.add(result.step)

    def reason(self, step: Step) -> str:
        """Say why the checks of a step are not run yet; empty if nothing is in their way."""
        needed = needed_steps(self.challenge, (step,)) & self.not_green
        for other in self.challenge.steps:
            if other.name in needed:
                command = f" (grade {self.challenge.name} --only {other.name})" if other.name in self.silent else ""
                return f"Waits for the step {other.name}: its checks must pass first{command}."
        return ""

    def is_pointless(self, step: str) -> bool:
        """True for a silent step of which nothing more has to be known: every step that needs it waits already."""
        if step not in self.silent:
            return False
        waiting = [other for other in self.wanted if step in needed_steps(self.challenge, (other,))]
        return all(self.not_green & needed_steps(self.challenge, (other,)) for other in waiting)


def needed_steps(challenge: Challenge, steps: tuple[Step, ...]) -> set[str]:
    """Return the names of the steps that these need, and of those that these need in turn."""
    found: set[str] = set()
    waiting = [name for step in steps for name in step.needs]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(challenge.step(name).needs)
    return found
