"""The report for a terminal: the checks of a step as they finish, one block for the first failure, live losses."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from grader.challenge import Challenge
from grader.report import words
from grader.report.base import HintFor, Report
from grader.text import printable, printable_lines
from grader.verdict import CheckResult, Outcome, SmokeResult, Verdict

WIDE = 64  # cells, from which on the progress bar has room for the losses and the time that is left


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
        self.console.print(Text(f"grading {printable(folder)}", style="dim"))
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

    def smoke_loading(self, documents: int = 0, total: int | None = None) -> None:
        if self.live is None:
            self.live = Live(console=self.console, auto_refresh=False, transient=True)
            self.live.start()
        self.live.update(Text(words.loading(documents, total), style="dim"), refresh=True)

    def smoke_started(self, steps: int) -> None:
        self._stop_live()
        self.console.print()
        is_wide = self.console.width >= WIDE
        # The line ends before the edge: there is room for the ^C that the terminal writes.
        bar = BarColumn(bar_width=max(4, min(40, self.console.width - (WIDE - 10 if is_wide else 24))))
        columns: list[ProgressColumn] = [TextColumn("smoke test"), bar, MofNCompleteColumn()]
        if is_wide:
            columns += [TextColumn("{task.fields[losses]}"), TimeRemainingColumn(compact=True)]
        self.progress = Progress(*columns, console=self.console, transient=True)
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
        self._close_step(cut_off=True)
        self.close()
        failure = words.first_failure(verdict.checks)
        if failure is not None:
            self.console.print()
            self.console.print(self._block(failure))
        if verdict.smoke is not None:
            self._smoke(verdict.smoke, curves)
        self.console.print()
        style = "bold green" if verdict.passed else "bold yellow"
        self.console.print(Text(words.verdict_line(verdict, self.challenge), style=style))
        self.console.print(Text(words.isolation_line(verdict), style="dim"))

    def close(self) -> None:
        self._stop_live()
        if self.progress is not None:
            self.progress.stop()
            self.progress = None

    def _show_live(self) -> None:
        """Redraw the step that runs. Nothing is redrawn where the output is no terminal."""
        if self.live is None:
            self.live = Live(console=self.console, auto_refresh=False, transient=True)
            self.live.start()
        lines = [_check_line(result) for result in self.current if result.outcome not in words.QUIET]
        self.live.update(Group(*self._last_that_fit(lines), Text("  …", style="dim")), refresh=True)

    def _last_that_fit(self, lines: list[Table]) -> list[Table]:
        """Return as many of the last lines as the window has room for, once they are broken to its width."""
        room = self.console.height - 2  # without the dots, and the line where the cursor stands
        first = len(lines)
        while first > 0 and (room := room - len(self.console.render_lines(lines[first - 1], pad=False))) >= 0:
            first -= 1
        return lines[first:]

    def _close_step(self, *, cut_off: bool = False) -> None:
        """Print the step that ran: one line if all its checks end alike, its checks as well if not.

        Args:
            cut_off: more checks of it were to come.
        """
        if not self.current:
            return
        results, self.current = self.current, []
        outcome, summary = words.step_summary(results)
        if cut_off and outcome is Outcome.PASSED:
            outcome, summary = Outcome.NOT_RUN, f"{summary}, then stopped"
        if self.live is not None:
            self.live.update(Text(""), refresh=True)
        name = results[0].step
        line = Text.assemble(
            (words.MARKS[outcome], words.colour(outcome)), " ", (name, "bold"), "  ", (summary, words.colour(outcome))
        )
        self.console.print(line)
        if outcome not in (Outcome.PASSED, *words.QUIET) and not words.is_broken_as_a_whole(results):
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
        what = Text(failure.title, style="bold")  # not in the frame, which would cut it off in a narrow window
        colour = words.colour(failure.outcome)
        title = Text(failure.step, style="bold")
        return Panel(Group(what, *parts, rows), title=title, title_align="left", border_style=colour, padding=(0, 1))

    def _smoke(self, smoke: SmokeResult, curves: Path | None) -> None:
        colour = words.colour(smoke.outcome)
        self.console.print()
        mark = (words.MARKS[smoke.outcome], colour)
        self.console.print(Text.assemble(mark, " ", ("smoke test", "bold"), "  ", printable_lines(smoke.message)))
        for label, text in words.smoke_explanation(smoke):
            for index, line in enumerate(text.splitlines()):
                self.console.print(Text(f"  {'' if index else label:7}  {line}"))
        for fact in smoke.facts:
            self.console.print(Text(f"  {fact}", style="dim"))
        if smoke.train_loss:
            for line in words.curves(smoke, min(60, self.console.width - 32)):
                self.console.print(Text(f"  {line}", no_wrap=True, overflow="crop"))
        if smoke.sample:
            self.console.print(Text.assemble(("  it writes: ", "dim"), printable_lines(smoke.sample)))
        if curves is not None:
            self.console.print(Text(f"  curves: {printable(str(curves))}", style="dim"), soft_wrap=True)


def _check_line(result: CheckResult) -> Table:
    """Return the mark and the title, a long title broken below its own beginning."""
    line = Table.grid(padding=(0, 1))
    line.add_column(width=3, justify="right")
    line.add_column(overflow="fold")
    line.add_row(Text(words.MARKS[result.outcome], style=words.colour(result.outcome)), Text(result.title))
    return line
