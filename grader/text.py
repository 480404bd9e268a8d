"""Small rules for text that every part of the command writes by."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return "1 check", "2 checks"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def printable(text: str) -> str:
    """Return one line that cannot move the cursor: unprintable characters are written as in Python, as \\x1b say."""
    return "".join(map(_printable, text))


def printable_lines(text: str) -> str:
    """Return text that is `printable` in each of its lines."""
    return "\n".join(printable(line.expandtabs(4)) for line in text.splitlines())


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
