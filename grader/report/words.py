"""The words, marks and lines that the rich and the plain report share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from grader.challenge import Challenge
from grader.report.base import HintFor
from grader.text import counted, printable_lines
from grader.verdict import STOPPED, CheckResult, Outcome, SmokeResult, Verdict

MARKS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.TODO: "○",
    Outcome.ERROR: "✗",
    Outcome.TIMEOUT: "✗",
    Outcome.CRASHED: "✗",
    Outcome.NOT_RUN: "·",
}
COLOURS = {Outcome.PASSED: "green", Outcome.TODO: "yellow", Outcome.NOT_RUN: "dim"}
WORDS = {Outcome.TODO: "to do", Outcome.NOT_RUN: "not run"}
BARS = "▁▂▃▄▅▆▇█"
MOST_DRAWN = 1e9  # nats: far above any loss, and far below what arithmetic with it could make infinite
QUIET = (Outcome.TODO, Outcome.NOT_RUN)  # the same for every check of a step, so said once
BROKEN = (Outcome.ERROR, Outcome.TIMEOUT, Outcome.CRASHED)


def word(outcome: Outcome) -> str:
    return WORDS.get(outcome, str(outcome))


def colour(outcome: Outcome) -> str:
    return COLOURS.get(outcome, "red")


def loading(documents: int, total: int | None) -> str:
    if documents == 0:
        return "smoke test …"
    of_all = f" of {total:,}" if total else ""
    return f"loading texts: {documents:,}{of_all} documents"


def step_summary(results: Sequence[CheckResult]) -> tuple[Outcome, str]:
    """Return the outcome of a step and a few words on it."""
    passed = sum(result.outcome is Outcome.PASSED for result in results)
    if passed == len(results):
        return Outcome.PASSED, counted(passed, "check")
    worst = next(result for result in results if result.outcome is not Outcome.PASSED)
    if worst.outcome in QUIET and all(result.outcome is worst.outcome for result in results):
        return worst.outcome, worst.message if worst.outcome is Outcome.NOT_RUN else "to do"
    if is_broken_as_a_whole(results):
        return worst.outcome, worst.message
    return worst.outcome, f"{passed} of {counted(len(results), 'check')} pass"


def is_broken_as_a_whole(results: Sequence[CheckResult]) -> bool:
    """True if every check of a step ends in the same trouble: its file is missing, say. That is said once."""
    first, *others = results
    alike = all((result.outcome, result.message) == (first.outcome, first.message) for result in others)
    return bool(others) and alike and first.outcome in BROKEN


def first_failure(results: Sequence[CheckResult]) -> CheckResult | None:
    """Return the check to explain: the first real failure, else the first thing to do."""
    not_green = [result for result in results if result.outcome not in (Outcome.PASSED, Outcome.NOT_RUN)]
    real = [result for result in not_green if result.outcome is not Outcome.TODO]
    return next(iter(real or not_green), None)


def explanation(result: CheckResult, hint_for: HintFor) -> list[tuple[str, str]]:
    """Return the block for one check that is not green, as (label, text) pairs; texts may have several lines."""
    tried = [line for line in result.counterexample.splitlines() if not line.startswith(("expected:", "got:"))]
    values = dict(
        line.split(":", 1) for line in result.counterexample.splitlines() if line.startswith(("expected:", "got:"))
    )
    rows = [
        ("", result.message),
        ("mistake", f"{result.mistake_title} {result.explanation}".strip()),
        ("tried", _packed(tried)),
        ("expected", values.get("expected", "").strip()),
        ("got", values.get("got", "").strip()),
        ("where", _where(result)),
        ("printed", _shortened(result.output)),
        ("hint", hint_for(result.step, result.hint)),
    ]
    return [(label, printable_lines(text)) for label, text in rows if text]


def _packed(values: Sequence[str], width: int = 70) -> str:
    """Put short values side by side, as many as a line takes."""
    lines: list[str] = []
    for value in values:
        if lines and len(f"{lines[-1]}, {value}") <= width:
            lines[-1] += f", {value}"
        else:
            lines.append(value)
    return "\n".join(lines)


def smoke_explanation(smoke: SmokeResult) -> list[tuple[str, str]]:
    """Return what is said below the outcome of a smoke test, as (label, text) pairs."""
    rows = [("where", _where(smoke)), ("printed", _shortened(smoke.output))]
    return [(label, printable_lines(text)) for label, text in rows if text]


def _where(result: CheckResult | SmokeResult) -> str:
    origin = f", reached from {result.origin}" if result.origin else ""
    return f"{result.location or ''}{origin}"


def _shortened(output: str, lines: int = 8) -> str:
    kept = output.splitlines()
    return "\n".join(kept[:lines] + ([f"… ({len(kept) - lines} more lines)"] if len(kept) > lines else []))


def verdict_line(verdict: Verdict, challenge: Challenge) -> str:
    """Say the verdict, and what to do next."""
    total = len(verdict.expected)
    if verdict.passed:
        return f"Passed: all {total} checks{' and the smoke test' if verdict.has_smoke_test else ''}."
    if STOPPED in verdict.left_out:
        return _stopped_line(verdict)
    if verdict.left_out and all(result.outcome is Outcome.PASSED for result in verdict.checks) and verdict.checks:
        left_out = ", ".join(verdict.left_out)
        return f"{counted(len(verdict.checks), 'check')} passed. Not a full pass, because of {left_out}."
    graded = [step.name for step in challenge.steps if verdict.of_step(step.name)]
    open_steps = [name for name in graded if not _is_green(verdict.of_step(name))]
    if not open_steps and verdict.smoke is not None:
        return f"Not passed: all {total} checks pass, but the smoke test does not."
    next_step = f" Next: {open_steps[0]}." if open_steps else ""
    left_out = f" ({', '.join(verdict.left_out)})" if verdict.left_out else ""
    green = f"{len(graded) - len(open_steps)} of {counted(len(graded), 'step')} green"
    return f"Not passed yet: {green}.{next_step}{left_out}"


def isolation_line(verdict: Verdict) -> str:
    """Say in which isolation learner code ran, and why not in a better one."""
    name = verdict.environment.get("isolation", "")
    if name == "bwrap":
        return "isolation: bubblewrap"
    why_not = f" ({verdict.why_not_isolated})" if verdict.why_not_isolated else ""
    return f"isolation: plain process only{why_not}"


def _stopped_line(verdict: Verdict) -> str:
    passed = sum(result.outcome is Outcome.PASSED for result in verdict.checks)
    if not verdict.checks:
        return "Stopped with Ctrl-C before the first check, so not passed."
    return f"Stopped with Ctrl-C, so not passed. Until then {passed} of {counted(len(verdict.checks), 'check')} passed."


def _is_green(results: Sequence[CheckResult]) -> bool:
    return all(result.outcome is Outcome.PASSED for result in results)


def sparkline(losses: Sequence[float], width: int) -> str:
    """Draw losses as a row of bars, averaged into at most `width` of them; NaN is drawn as the largest."""
    losses = [max(min(MOST_DRAWN, loss), -MOST_DRAWN) for loss in losses]
    width = max(1, min(width, len(losses)))
    edges = [round(index * len(losses) / width) for index in range(width + 1)]
    means = [sum(losses[low:high]) / (high - low) for low, high in pairwise(edges) if high > low]
    lowest, highest = min(means), max(means)
    span = (highest - lowest) or 1.0
    return "".join(BARS[round((mean - lowest) / span * (len(BARS) - 1))] for mean in means)


def curves(smoke: SmokeResult, width: int) -> list[str]:
    """Return the train and the test curve as lines of text."""
    rows = [("train", list(smoke.train_loss)), ("test", [loss for _, loss in smoke.test_loss])]
    return [
        f"{name:5}  {sparkline(losses, width)}  {_nats(losses[0])} → {_nats(losses[-1])} nats" for name, losses in rows
    ]


def _nats(loss: float) -> str:
    return f"{loss:.2f}" if abs(loss) < MOST_DRAWN else f"{loss:.0e}"  # 1e308 in full has 309 digits
