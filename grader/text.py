"""Small rules for text that every part of the command writes by."""

from __future__ import annotations

import os
import re
import shlex
import textwrap


def counted(number: int, noun: str) -> str:
    """Return "1 check", "2 checks"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def fit(text: str, width: int) -> str:
    """Break the lines of a text that are wider than `width`; what is left of one goes below its last column.

    The last column is what comes after the last gap of two spaces or more: the meaning of a command, say.
    """
    lines: list[str] = []
    for line in text.splitlines():
        column = max(match.end() for match in re.finditer(r"^ *|  +", line))
        later = " " * column
        lines += textwrap.wrap(
            line, width, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
        ) or [""]
    return "\n".join(lines)


def printable(text: str) -> str:
    """Return one line that cannot move the cursor: unprintable characters are written as in Python, as \\x1b say."""
    return "".join(map(_printable, text))


def printable_lines(text: str) -> str:
    """Return text that is `printable` in each of its lines."""
    return "\n".join(printable(line.expandtabs(4)) for line in text.splitlines())


def shell_word(text: str) -> str:
    """Return text as one word of a shell command: bytes that cannot be printed as in $'\\033', by their number."""
    if text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(map(_typed, text)) + "'"


def _typed(character: str) -> str:
    if character.isprintable():
        return f"\\{character}" if character in "\\'" else character
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(character))


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
