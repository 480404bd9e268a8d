"""The terminal: is it wide enough, and can it show what the report writes?"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

from grader.doctor.findings import Finding

NARROWEST = 40  # columns
NEEDED = "✓✗○·…→─│▁█"


def examine_terminal() -> Iterator[Finding]:
    if not sys.stdout.isatty():
        yield Finding("terminal", "none: the report goes elsewhere, as plain lines")
    else:
        columns = shutil.get_terminal_size().columns
        mend = f"Make the window at least {NARROWEST} columns wide." if columns < NARROWEST else ""
        yield Finding("terminal", f"{columns} columns, {_colours()}", mend)
    encoding = sys.stdout.encoding or "unknown"
    try:
        NEEDED.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        mend = "Set a UTF-8 locale: export LC_ALL=C.UTF-8 (or PYTHONIOENCODING=utf-8)."
        yield Finding("encoding", f"{encoding} lacks signs such as the mark of a passed check", mend)
    else:
        yield Finding("encoding", encoding)


def _colours() -> str:
    from rich.console import Console

    if os.environ.get("NO_COLOR"):
        return "no colours, as NO_COLOR asks for"
    system = Console().color_system
    return f"colours ({system})" if system else "no colours"
