"""How a verification is reported: a table on a terminal, plain lines in a pipe, one JSON object for programs."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from grader.text import printable
from grader.verify.course import Course
from grader.verify.row import Findings, Part, Row

SCHEMA = 1


class VerifyReport:
    """Receives the events of a verification, in order. The base class does nothing with them."""

    def started(self, course: Course) -> None:
        """The next challenge begins."""

    def part_started(self, part: Part) -> None:
        """The next part of it begins."""

    def row_found(self, row: Row) -> None:
        """One thing has been looked at."""

    def part_finished(self, findings: Findings) -> None:
        """All of a part has been looked at."""

    def challenge_finished(self) -> None:
        """All parts of a challenge are done."""

    def finished(self, holds: bool, left_out: tuple[str, ...], environment: dict[str, str]) -> None:
        """Everything is done."""

    def close(self) -> None:
        """Nothing more comes, however it ended: put the terminal back as it was. May be called twice."""


class PlainVerifyReport(VerifyReport):
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def started(self, course: Course) -> None:
        self._line(f"{course.name}: {course.challenge.title}")

    def part_finished(self, findings: Findings) -> None:
        self._line(f"{'ok   ' if findings.holds else 'SHORT'}  {findings.part.name:9}  {tally(findings)}")
        for row in findings.short:
            self._line(f"         {row.subject}: {row.message}")
            for label, text in row.details:
                self._line(f"           {label:8}  {text}")

    def challenge_finished(self) -> None:
        self._line("")

    def finished(self, holds: bool, left_out: tuple[str, ...], environment: dict[str, str]) -> None:
        self._line(conclusion(holds, left_out))

    def _line(self, text: str) -> None:
        self.stream.write(printable(text) + "\n")
        self.stream.flush()  # the next part may take a minute


class JsonVerifyReport(VerifyReport):
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.challenges: list[dict[str, Any]] = []

    def started(self, course: Course) -> None:
        self.challenges.append({"challenge": course.name, "holds": True, "parts": []})

    def part_finished(self, findings: Findings) -> None:
        challenge = self.challenges[-1]
        challenge["holds"] = challenge["holds"] and findings.holds
        rows = [
            {"subject": row.subject, "holds": row.holds, "message": row.message, **dict(row.details)}
            for row in findings.rows
        ]
        challenge["parts"].append(
            {
                "part": findings.part.name,
                "promise": findings.part.promise,
                "holds": findings.holds,
                "seconds": round(findings.seconds, 3),
                "rows": rows,
            }
        )

    def finished(self, holds: bool, left_out: tuple[str, ...], environment: dict[str, str]) -> None:
        result = {
            "schema": SCHEMA,
            "holds": holds,
            "left_out": list(left_out),
            "challenges": self.challenges,
            "environment": environment,
        }
        json.dump(result, self.stream, indent=1)
        self.stream.write("\n")
        self.stream.flush()


def make_verify_report(form: str | None) -> VerifyReport:
    """Return the report of this form; None picks rich on a terminal and plain elsewhere."""
    form = form or ("rich" if sys.stdout.isatty() else "plain")
    if form == "rich":
        from rich.console import Console

        from grader.verify.rich_report import RichVerifyReport

        return RichVerifyReport(Console(highlight=False))
    return JsonVerifyReport(sys.stdout) if form == "json" else PlainVerifyReport(sys.stdout)


def tally(findings: Findings) -> str:
    """Say how many rows of a part hold, and what that means."""
    return f"{len(findings.rows) - len(findings.short)} of {len(findings.rows)}: {findings.part.promise}"


def conclusion(holds: bool, left_out: tuple[str, ...]) -> str:
    without = f" Left out: {', '.join(left_out)}." if left_out else ""
    return ("Everything holds." if holds else "Something falls short: see above.") + without
