"""The report of a verification for a terminal: a progress bar while it runs, then a table for each challenge."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from grader.text import printable
from grader.verify.course import Course
from grader.verify.report import VerifyReport, conclusion
from grader.verify.row import Findings, Part, Row

MARKS = {True: ("✓", "green"), False: ("✗", "red")}
NARROW = 64  # cells, below which the bar gets shorter and the seconds are left out


class RichVerifyReport(VerifyReport):
    def __init__(self, console: Console) -> None:
        self.console = console
        self.findings: list[Findings] = []
        self.progress: Progress | None = None
        self.task = TaskID(0)

    def started(self, course: Course) -> None:
        self.console.print(Text.assemble((course.name, "bold"), "  ", course.challenge.title))
        self.console.print()
        bar = BarColumn(bar_width=8 if self.console.width < NARROW else 30)
        columns = (TextColumn("{task.description}"), bar, MofNCompleteColumn(), TimeElapsedColumn())
        self.progress = Progress(*columns, console=self.console, transient=True)
        self.progress.start()

    def part_started(self, part: Part) -> None:
        assert self.progress is not None
        self.task = self.progress.add_task(part.name, total=part.size)

    def row_found(self, row: Row) -> None:
        assert self.progress is not None
        self.progress.advance(self.task)

    def part_finished(self, findings: Findings) -> None:
        assert self.progress is not None
        self.progress.remove_task(self.task)
        self.findings.append(findings)

    def challenge_finished(self) -> None:
        self.close()

    def finished(self, holds: bool, left_out: tuple[str, ...], environment: dict[str, str]) -> None:
        self.console.print(Text(conclusion(holds, left_out), style="bold green" if holds else "bold red"))

    def close(self) -> None:
        """Take the bar away, and show what was found up to here."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
        if self.findings:
            self.console.print(self._table())
            self.console.print()
            self._print_short_rows()
        self.findings = []

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
        is_wide = self.console.width >= NARROW
        for heading in ("", "part", "hold", *(["seconds"] if is_wide else []), "promise"):
            table.add_column(heading, justify="right" if heading in ("hold", "seconds") else "left")
        for findings in self.findings:
            mark, colour = MARKS[findings.holds]
            hold = f"{len(findings.rows) - len(findings.short)} of {len(findings.rows)}"
            seconds = [f"{findings.seconds:.1f}"] if is_wide else []
            table.add_row(Text(mark, style=colour), findings.part.name, hold, *seconds, findings.part.promise)
        return table

    def _print_short_rows(self) -> None:
        for findings in self.findings:
            for row in findings.short:
                place = (f"{findings.part.name}  {printable(row.subject)}", "bold")
                self.console.print(Text.assemble(("✗ ", "red"), place, "  ", printable(row.message)))
                for label, text in row.details:
                    self.console.print(Text.assemble((f"    {label:8}  ", "dim"), printable(text)))
            if findings.short:
                self.console.print()
