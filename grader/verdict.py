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
    """What one check found. `id` is "step.name"; `location` is "file.py:line" in the submission."""

    id: str
    step: str
    title: str
    outcome: Outcome
    message: str = ""
    counterexample: str = ""
    mistake: str | None = None
    location: str | None = None
    examples: int = 0
    seconds: float = 0.0
    output: str = ""  # what learner code printed meanwhile, shortened


@dataclass(frozen=True)
class SmokeResult:
    """What the smoke test found. Losses are in nats; `test_loss` holds (step, loss) pairs."""

    outcome: Outcome
    message: str = ""
    steps: int = 0
    train_loss: tuple[float, ...] = ()
    test_loss: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    location: str | None = None
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

    @property
    def passed(self) -> bool:
        """A full pass: every check of the challenge ran and passed, and so did the smoke test."""
        return self.checks_passed and not self.left_out and self.smoke is not None and _green(self.smoke)

    @property
    def checks_passed(self) -> bool:
        """Every expected check ran exactly once and passed."""
        return sorted(self.expected) == sorted(check.id for check in self.checks) and all(map(_green, self.checks))

    def of_step(self, step: str) -> tuple[CheckResult, ...]:
        return tuple(check for check in self.checks if check.step == step)


def _green(result: CheckResult | SmokeResult) -> bool:
    return result.outcome is Outcome.PASSED
