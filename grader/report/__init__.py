"""How a run is reported: `rich` on a terminal, `plain` in a pipe, `json` for programs. All of it goes to stdout."""

from __future__ import annotations

import sys

from grader.report.base import HintFor, Report


def make_report(form: str | None, hint_for: HintFor) -> Report:
    """Return the report of this form; None picks rich on a terminal and plain elsewhere."""
    form = form or ("rich" if sys.stdout.isatty() else "plain")
    if form == "rich":
        from rich.console import Console

        from grader.report.rich_report import RichReport

        return RichReport(Console(highlight=False), hint_for)
    if form == "json":
        from grader.report.json_report import JsonReport

        return JsonReport(sys.stdout)
    from grader.report.plain_report import PlainReport

    return PlainReport(sys.stdout, hint_for)
