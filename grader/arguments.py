"""The parser of arguments that all parts of the command share: what is wrong is said in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from grader.errors import UsageError
from grader.text import fit

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

ISOLATION = ("auto", "bwrap", "process")


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Texts keep their line breaks, but for lines that the window is too narrow for."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return fit(text, width)


class _Refusing(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        command = "grade CHALLENGE" if self.prog == "grade" else self.prog
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See: {command} --help")


class Parser(_Refusing):
    """Takes options before, between and behind the names, and raises `UsageError`, which the command prints.

    Left to itself, argparse gives an optional name such as FOLDER its default as soon as it comes to an option, and
    does not know the folder that stands behind it. So the options are read first, by a parser that knows no names, and
    then the names in one go.
    """

    def __init__(self, **settings: Any) -> None:
        self._options = _Refusing(prog=settings.get("prog"), add_help=False)
        super().__init__(formatter_class=_Formatter, **settings)

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        if names[0].startswith("-") and settings.get("action") != "help":
            self._options.add_argument(*names, **settings)
        return super().add_argument(*names, **settings)

    def parse_args(self, arguments: Sequence[str]) -> argparse.Namespace:  # type: ignore[override]
        """Read all arguments; from `--` on, all of them are names.

        The arguments are always given here, and go into a namespace of our own: argparse allows more.
        """
        end = arguments.index("--") if "--" in arguments else len(arguments)
        parsed, names = self._options.parse_known_args(arguments[:end])
        return super().parse_args([*names, *arguments[end:]], parsed)

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        super().print_help(file)
        sys.stdout.flush()  # while the command can still say that it cannot be written; argparse ends the process next

    def add_isolation(self) -> None:
        """Add the option that all commands have which run a learner's code."""
        self.add_argument(
            "--isolation",
            choices=ISOLATION,
            default="auto",
            help="how your code is kept apart: with bubblewrap, which must work then (bwrap), in a process of its own"
            " only (process), or with bubblewrap where it works (auto, the default)",
        )
