"""Results to report, made up: one for each way in which a check can end, and texts that are hard to show."""

from __future__ import annotations

from dataclasses import replace

from grader.challenge import Challenge
from grader.report.base import Report
from grader.verdict import CheckResult, Outcome, SmokeResult, Verdict

ENVIRONMENT = {"python": "3", "torch": "2", "grader": "0", "isolation": "process"}
HINT = "Which positions does this loss look at?\nMore: grade hint challenge5 attention"
WIDTHS = (40, 80, 120)

PASSED = CheckResult("attention.one", "attention", "In evaluation mode two calls agree", Outcome.PASSED, examples=5)
FAILED = replace(
    PASSED,
    id="attention.two",
    title="Several heads each attend on their own slice, and sit side by side in the output",
    outcome=Outcome.FAILED,
    message="The heads are not side by side.",
    counterexample="x = [[1.0, 2.0]]\nexpected: [0.5, 0.25]\ngot:      [0.25, 0.5]",
    location="attention.py:42",
    output="a line that was printed",
)
ERROR = replace(FAILED, outcome=Outcome.ERROR, message="ValueError: no such head", counterexample="x = [[1.0, 2.0]]")
TIMEOUT = replace(FAILED, outcome=Outcome.TIMEOUT, message="A call took longer than 10 s.", counterexample="")
CRASHED = replace(TIMEOUT, outcome=Outcome.CRASHED, message="The learner process was ended by SIGKILL.")
TODO = replace(TIMEOUT, outcome=Outcome.TODO, message="Still to do: fill the marked place in attention.py.", output="")
NOT_RUN = CheckResult(
    "training.one", "training", "Each call takes one step", Outcome.NOT_RUN, "Waits for the step attention."
)
NOT_GREEN = (FAILED, ERROR, TIMEOUT, CRASHED, TODO)
SMOKE = SmokeResult(
    Outcome.PASSED,
    "The loss on held-out text fell from 8.24 to 6.66 nats (needed: below 7.32).",
    steps=240,
    train_loss=tuple(8.0 - step / 100 for step in range(240)),
    test_loss=((0, 8.2), (80, 7.4), (160, 6.9), (240, 6.7)),
    facts=("held-out loss in nats: 8.241 before training, 6.659 after it, bound 7.317",),
    sample="two deal will somebody week lastcle once reacke",
)

HARD_TEXTS = {
    "markup": "[bold]not bold[/bold] [/] [red",
    "control characters": "\x1b[2J\x1b[31mred\x1b[0m \x07\b\r\x9b1m \x00",
    "half a surrogate": "\ud800",
    "one very long word": "x" * 5000,
    "very many numbers": "[" + ", ".join(["-0.126928"] * 500) + "]",
    "wide letters": "日本語のテキスト" * 40,
    "letters from right to left": "\u202eabc שלום",
    "tabs and many lines": "a\tb\n" * 50,
}


def hint_for(step: str, fitting: str) -> str:
    return HINT


def verdict_of(*checks: CheckResult, smoke: SmokeResult | None = None, left_out: tuple[str, ...] = ()) -> Verdict:
    return Verdict("challenge5", tuple(check.id for check in checks), checks, smoke, ENVIRONMENT, left_out)


def play(report: Report, challenge: Challenge, verdict: Verdict) -> None:
    """Tell a report what a run of this end tells it."""
    report.started(challenge, "challenges/challenge5")
    for check in verdict.checks:
        report.check_finished(check)
    report.checks_finished()
    if verdict.smoke is not None and verdict.smoke.train_loss:
        report.smoke_loading()
        report.smoke_started(verdict.smoke.steps)
        for step, test_loss in verdict.smoke.test_loss:
            report.smoke_evaluated(step, test_loss)
            report.smoke_step(step + 1, test_loss)
    report.finished(verdict)
    report.close()


def with_text(text: str) -> CheckResult:
    """Return an error in which everything that a learner can write is this text."""
    return replace(ERROR, message=text, counterexample=f"x = {text}\nexpected: {text}\ngot:      {text}", output=text)
