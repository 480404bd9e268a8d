"""The outcome of a check, the result of a run, and the one rule that makes a verdict of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

STOPPED = "stopped with Ctrl-C"  # a reason why a run is no full pass


class Outcome(StrEnum):
    """How one check, or the smoke test, ended."""

    PASSED = "passed"
    FAILED = "failed"  # the learner's answer is wrong
    TODO = "todo"  # the stub still raises NotImplementedError
    ERROR = "error"  # learner code raised, or cannot be called at all
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the learner process died
    NOT_RUN = "not_run"  # it waits for a step that is not green yet, or the run was over before its turn


@dataclass(frozen=True)
class CheckResult:
    """What one check found. `id` is "step.name"; `location` is "file.py:line" in the submission, and `origin` the
    place in another file of it that led there, if any.

    `mistake` is the name of the known mistake that explains it, where there is one; then `mistake_title` says what it
    was, `explanation` what was believed, and `hint` is the hint that fits it.
    """

    id: str
    step: str
    title: str
    outcome: Outcome
    message: str = ""
    counterexample: str = ""
    mistake: str | None = None
    mistake_title: str = ""
    explanation: str = ""
    hint: str = ""
    location: str | None = None
    origin: str | None = None
    examples: int = 0
    seconds: float = 0.0
    output: str = ""  # what learner code printed meanwhile, shortened


@dataclass(frozen=True)
class SmokeResult:
    """What the smoke test found.

    Losses are in nats and go as far as the training came; `test_loss` holds (step, loss) pairs.
    """

    outcome: Outcome
    message: str = ""
    steps: int = 0
    train_loss: tuple[float, ...] = ()
    test_loss: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    location: str | None = None
    origin: str | None = None
    sample: str = ""  # text that the trained model generated
    facts: tuple[str, ...] = ()  # lines that put the figures into proportion
    output: str = ""


@dataclass(frozen=True)
class Verdict:
    """Everything that one grading run found.

    `expected` are the ids of all checks of the challenge: a check that is missing from `checks` counts against the
    submission, as does a smoke test that was left out.
    """

    challenge: str
    expected: tuple[str, ...]
    checks: tuple[CheckResult, ...]
    smoke: SmokeResult | None
    environment: dict[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()  # why this run cannot be a full pass, in words: "--no-smoke", "--only attention"
    why_not_isolated: str = ""  # why the child had less than the best isolation that there is, if that was not chosen
    has_smoke_test: bool = True  # of the challenge, whether it was run or not

    @property
    def passed(self) -> bool:
        """A full pass: every check of the challenge ran and passed, and so did its smoke test if it has one."""
        smoke_passed = self.smoke is not None and _green(self.smoke) if self.has_smoke_test else self.smoke is None
        return self.checks_passed and not self.left_out and smoke_passed

    @property
    def checks_passed(self) -> bool:
        """Every expected check, of which there must be some, ran exactly once and passed."""
        ran = sorted(check.id for check in self.checks)
        return bool(self.expected) and sorted(self.expected) == ran and all(map(_green, self.checks))

    def of_step(self, step: str) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.step == step)


def _green(result: CheckResult | SmokeResult) -> bool:
    return result.outcome is Outcome.PASSED
