"""The parser of arguments that all parts of the command share: what is wrong is said in one line."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from grader.errors import UsageError
from grader.text import fit

ISOLATION = ("auto", "bwrap", "process")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Texts keep their line breaks, but for lines that the window is too narrow for."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return fit(text, width)


class Parser(argparse.ArgumentParser):
    """Raises `UsageError`, which the command prints."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_Formatter, **settings)

    def error(self, message: str) -> NoReturn:
        command = "grade CHALLENGE" if self.prog == "grade" else self.prog
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See: {command} --help")

    def add_isolation(self) -> None:
        """Add the option that all commands have which run a learner's code."""
        self.add_argument(
            "--isolation",
            choices=ISOLATION,
            default="auto",
            help="how your code is kept apart: with bubblewrap, which must work then (bwrap), in a process of its own"
            " only (process), or with bubblewrap where it works (auto, the default)",
        )
