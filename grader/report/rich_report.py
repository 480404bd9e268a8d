"""The report for a terminal: the checks of a step as they finish, one block for the first failure, live losses."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from grader.challenge import Challenge
from grader.report import words
from grader.report.base import HintFor, Report
from grader.verdict import CheckResult, Outcome, SmokeResult, Verdict


class RichReport(Report):
    def __init__(self, console: Console, hint_for: HintFor) -> None:
        self.console, self.hint_for = console, hint_for
        self.current: list[CheckResult] = []  # the checks of the step that runs
        self.live: Live | None = None
        self.progress: Progress | None = None
        self.task = TaskID(0)
        self.train_loss = self.test_loss = float("nan")

    def started(self, challenge: Challenge, folder: str) -> None:
        self.challenge = challenge
        self.console.print(Text.assemble((challenge.name, "bold"), "  ", challenge.title))
        self.console.print(Text(f"grading {folder}", style="dim"))
        self.console.print()
        self._show_live()

    def check_finished(self, result: CheckResult) -> None:
        if self.current and self.current[0].step != result.step:
            self._close_step()
        self.current.append(result)
        self._show_live()

    def checks_finished(self) -> None:
        self._close_step()
        self._stop_live()

    def smoke_started(self, steps: int) -> None:
        self.console.print()
        self.progress = Progress(
            TextColumn("smoke test"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            expand=True,
        )
        self.task = self.progress.add_task("", total=steps, losses="")
        self.progress.start()

    def smoke_step(self, step: int, train_loss: float) -> None:
        self.train_loss = train_loss
        if self.progress is not None:
            losses = f"train {train_loss:.2f}  test {self.test_loss:.2f}"
            self.progress.update(self.task, completed=step, losses=losses)

    def smoke_evaluated(self, step: int, test_loss: float) -> None:
        self.test_loss = test_loss
        train = f"   train loss {self.train_loss:.3f}" if step else ""
        self.console.print(Text(f"  step {step:4d}   test loss {test_loss:.3f}{train}", style="dim"))

    def finished(self, verdict: Verdict, *, curves: Path | None = None) -> None:
        self._close_step()
        self._stop_live()
        if self.progress is not None:
            self.progress.stop()
        failure = words.first_failure(verdict.checks)
        if failure is not None:
            self.console.print()
            self.console.print(self._block(failure))
        if verdict.smoke is not None:
            self._smoke(verdict.smoke, curves)
        self.console.print()
        style = "bold green" if verdict.passed else "bold yellow"
        self.console.print(Text(words.verdict_line(verdict, self.challenge), style=style))
        self.console.print(Text(f"isolation: {verdict.environment.get('isolation', '')}", style="dim"))

    def _show_live(self) -> None:
        """Redraw the step that runs. Nothing is redrawn where the output is no terminal."""
        if self.live is None:
            self.live = Live(console=self.console, auto_refresh=False, transient=True)
            self.live.start()
        lines: list[RenderableType] = [_check_line(result) for result in self.current]
        self.live.update(Group(*lines[-self._lines_that_fit() :], Text("  …", style="dim")), refresh=True)

    def _lines_that_fit(self) -> int:
        return max(1, self.console.size.height - 4)

    def _close_step(self) -> None:
        """Print the step that ran: one line if it is green or untouched, its checks as well if not."""
        if not self.current:
            return
        results, self.current = self.current, []
        outcome, summary = words.step_summary(results)
        if self.live is not None:
            self.live.update(Text(""), refresh=True)
        name = results[0].step
        line = Text.assemble(
            (words.MARKS[outcome], words.colour(outcome)), " ", (name, "bold"), "  ", (summary, words.colour(outcome))
        )
        self.console.print(line)
        if outcome not in (Outcome.PASSED, *words.QUIET):
            for result in results:
                self.console.print(_check_line(result))

    def _stop_live(self) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def _block(self, failure: CheckResult) -> Panel:
        rows = Table.grid(padding=(0, 2))
        rows.add_column(style="dim", no_wrap=True)
        rows.add_column(overflow="fold")
        parts: list[RenderableType] = []
        for label, text in words.explanation(failure, self.hint_for):
            if label:
                rows.add_row(label, Text(text))
            else:
                parts += [Text(text), Text("")]
        title = Text.assemble((failure.step, "bold"), ": ", failure.title)
        colour = words.colour(failure.outcome)
        return Panel(Group(*parts, rows), title=title, title_align="left", border_style=colour, padding=(0, 1))

    def _smoke(self, smoke: SmokeResult, curves: Path | None) -> None:
        colour = words.colour(smoke.outcome)
        self.console.print()
        mark = (words.MARKS[smoke.outcome], colour)
        self.console.print(Text.assemble(mark, " ", ("smoke test", "bold"), "  ", smoke.message))
        if smoke.location:
            self.console.print(Text(f"  where  {smoke.location}"))
        for fact in smoke.facts:
            self.console.print(Text(f"  {fact}", style="dim"))
        if smoke.train_loss:
            for line in words.curves(smoke, min(60, self.console.width - 32)):
                self.console.print(Text(f"  {line}", no_wrap=True, overflow="crop"))
        if smoke.sample:
            self.console.print(Text.assemble(("  it writes: ", "dim"), smoke.sample))
        if curves is not None:
            self.console.print(Text(f"  curves: {curves}", style="dim"), soft_wrap=True)


def _check_line(result: CheckResult) -> Table:
    """Return the mark and the title, a long title broken below its own beginning."""
    line = Table.grid(padding=(0, 1))
    line.add_column(width=3, justify="right")
    line.add_column(overflow="fold")
    line.add_row(Text(words.MARKS[result.outcome], style=words.colour(result.outcome)), Text(result.title))
    return line
