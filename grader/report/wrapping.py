"""Breaks text into lines that fit a terminal, where a letter may be two cells wide."""

from __future__ import annotations

from rich.cells import cell_len, chop_cells


def wrap(text: str, width: int, *, first: str = "", later: str = "", whole_words: bool = False) -> list[str]:
    """Break text at its spaces into lines of at most `width` cells, a word that is too long at the edge.

    Args:
        first, later: what the first line and the other ones begin with.
        whole_words: leave a word that is too long in one piece, a path say.
    """
    lines, line = [], first
    at_start = True
    for word in text.rstrip().split(" "):
        joined = line + word if at_start else f"{line} {word}"
        if cell_len(joined) <= width:
            line, at_start = joined, False
            continue
        if not at_start:
            lines.append(line)
            line = later
        pieces = [word] if whole_words else chop_cells(word, max(2, width - cell_len(line)))
        for piece in pieces[:-1]:
            lines.append(line + piece)
            line = later
        line, at_start = line + (pieces[-1] if pieces else ""), False
    return [*lines, line.rstrip()]
