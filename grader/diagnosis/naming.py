"""Decides which known mistake explains the failures of one function: the rules by which a mistake is named.

The checks of one function belong together. A mistake explains them if the check that is to catch it has failed, and if
a copy of the submission with this mistake answers everything that these checks asked as the submission did, whether
they passed or not. If two mistakes do, neither is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.challenge import Challenge
from grader.clock import awake_seconds
from grader.diagnosis.comparison import Comparison, compare, draw, reproduces
from grader.diagnosis.own_imports import own_imports
from grader.diagnosis.randomness import Draws, alike
from grader.diagnosis.recording import CheckRecording, Example, Recording, Target
from grader.diagnosis.replay import Replay, Replays
from grader.mistakes import Mistake
from grader.submission.problems import CheckAborted
from grader.verdict import CheckResult, Outcome

MAX_RAISING = 0.4  # of the examples, in which a mistake and the submission differ in what exception they raise
MAX_DRAWN = 6  # examples whose random answers are compared, those of the mistake's own check first
WRONG = (Outcome.FAILED, Outcome.ERROR)  # ways to end that say what the answers were


class OutOfTime(Exception):
    """The time for the diagnosis is used up."""


class Naming:
    """Finds the mistakes behind the results of one run.

    Attributes:
        found: the mistake that explains a check, by check id, for the checks that are explained.
    """

    def __init__(
        self, challenge: Challenge, mistakes: Sequence[Mistake], recording: Recording, replays: Replays
    ) -> None:
        self.challenge, self.mistakes, self.recording, self.replays = challenge, mistakes, recording, replays
        self.deadline = 0.0
        self.found: dict[str, Mistake] = {}  # by check id
        self.not_green: set[str] = set()  # steps
        self.cut_off: set[str] = set()  # steps of which a check was not run

    def name(self, all_results: Sequence[CheckResult], *, deadline: float) -> None:
        """Put the mistakes that explain checks into `found`.

        Args:
            deadline: on the clock of `awake_seconds()`.
        Raises:
            OutOfTime: it has passed. What was found until then stands.
        """
        self.deadline = deadline
        results = {result.id: result for result in all_results if result.id in self.recording.checks}
        self.not_green = {result.step for result in all_results if result.outcome is not Outcome.PASSED}
        self.cut_off = {result.step for result in all_results if result.outcome is Outcome.NOT_RUN}
        for target in dict.fromkeys(recording.target for recording in self.recording.checks.values()):
            checks = [check for check in results if self.recording.checks[check].target == target]
            wrong = [check for check in checks if results[check].outcome in WRONG]
            if wrong and self._can_be_compared(target, [results[check] for check in checks]):
                self.found |= self._explained(checks, {check: results[check].outcome for check in wrong})
        self.found |= self._named_elsewhere(results)

    def _can_be_compared(self, target: Target, results: Sequence[CheckResult]) -> bool:
        """False where the answers are not known in full, or do not depend on the step's own file alone."""
        if target[0] in self.cut_off or self.not_green & self._other_steps_in(target[0]):
            return False
        return all(
            result.outcome in (Outcome.PASSED, *WRONG)
            and result.step == target[0]
            and _is_whole(self.recording.checks[result.id], result.outcome)
            and (result.outcome is Outcome.PASSED or _was_reached(target, self.recording.checks[result.id]))
            for result in results
        )

    def _other_steps_in(self, step: str) -> set[str]:
        """Return the steps on whose files the learner's file of this step is built."""
        return own_imports(self.replays.submission, step) & {other.name for other in self.challenge.steps}

    def _explained(self, checks: Sequence[str], wrong: Mapping[str, Outcome]) -> dict[str, Mistake]:
        """Return the one mistake that explains the wrong ones among these checks of a function, by those it explains.

        An exception where the mistake raises none has another cause: two mistakes were made.
        """
        compared = {mistake: self._compare(mistake, checks) for mistake in self.mistakes if mistake.check in wrong}
        agreeing = {mistake: found for mistake, found in compared.items() if found is not None}
        explaining = [mistake for mistake, found in agreeing.items() if _sum(found).is_exact]
        if not explaining:
            random = {mistake: _sum(found).random[:MAX_DRAWN] for mistake, found in agreeing.items()}
            explaining = self._draw_alike(random)
        if len(explaining) != 1:
            return {}
        (mistake,) = explaining
        found = agreeing[mistake]
        return {
            check: mistake
            for check, outcome in wrong.items()
            if outcome is not Outcome.ERROR or not found[check].raising_alone
        }

    def _compare(self, mistake: Mistake, checks: Sequence[str]) -> dict[str, Comparison] | None:
        """Ask a mistake what the checks asked: None if it does not answer as the submission did."""
        replay = self._replay(mistake)
        compared: dict[str, Comparison] = {}
        for check in sorted(checks, key=lambda check: check != mistake.check):
            self._keep_time()
            try:
                found = compare(replay, self.recording.checks[check].examples)
            except CheckAborted as end:
                if end.outcome is Outcome.TIMEOUT:  # who knows what it would have answered
                    raise OutOfTime from None
                return None
            if found is None or (check == mistake.check and found.raising):
                return None  # on what the mistake is about, the two must answer alike
            compared[check] = found
        whole = _sum(compared)
        return compared if whole.raising <= MAX_RAISING * (whole.agreeing + whole.raising) else None

    def _draw_alike(self, random: Mapping[Mistake, Sequence[Example]]) -> list[Mistake]:
        """Return the mistakes of which many draws of these answers are like as many of the submission's.

        A mistake whose answers do not depend on random draws, so that none are given, is among them.
        """
        examples = {id(example): example for examples in random.values() for example in examples}
        replay = self._replay(None) if examples else None
        own: dict[int, Draws] = {}
        for number, example in examples.items():
            self._keep_time()
            if replay is None or not reproduces(replay, example):
                return []  # the submission itself answers differently the next time
            own[number] = draw(replay, example)
        return [mistake for mistake, drawn in random.items() if self._draws_like(own, mistake, drawn)]

    def _draws_like(self, own: Mapping[int, Draws], mistake: Mistake, examples: Sequence[Example]) -> bool:
        if not examples:
            return True
        replay = self._replay(mistake)
        return all(alike(own[id(example)], draw(replay, example)) for example in examples)

    def _named_elsewhere(self, results: Mapping[str, CheckResult]) -> dict[str, Mistake]:
        """Return mistakes of one function that explain a check of another one, which uses it."""
        more: dict[str, Mistake] = {}
        for check, result in results.items():
            target = self.recording.checks[check].target
            if check in self.found or result.outcome not in WRONG or not self._can_be_compared(target, [result]):
                continue
            named = dict.fromkeys(mistake for mistake in self.found.values() if mistake.step == result.step)
            agreeing = [mistake for mistake in named if self._is_exact(mistake, check)]
            if len(agreeing) == 1:
                more[check] = agreeing[0]
        return more

    def _is_exact(self, mistake: Mistake, check: str) -> bool:
        found = self._compare(mistake, [check])
        return found is not None and found[check].is_exact

    def _replay(self, mistake: Mistake | None) -> Replay:
        self._keep_time()
        return self.replays.of(mistake, self.deadline)

    def _keep_time(self) -> None:
        if awake_seconds() >= self.deadline:
            raise OutOfTime


def _sum(compared: Mapping[str, Comparison]) -> Comparison:
    return sum(compared.values(), start=Comparison())


def _is_whole(recording: CheckRecording, outcome: Outcome) -> bool:
    """True if all answers are known. An error that came with no reply, a reply that cannot be read say, is not."""
    answers = [exchange.reply for example in recording.examples for exchange in example]
    return recording.whole and (outcome is not Outcome.ERROR or any("problem" in reply for reply in answers))


def _was_reached(target: Target, recording: CheckRecording) -> bool:
    """True if what the check is about was called. Where the way there raises already, it says nothing of it."""
    requests = (request for example in recording.examples for exchange in example for request in exchange.requests)
    return any(request.get("target") == list(target) for request in requests)
