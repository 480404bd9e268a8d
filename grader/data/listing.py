"""`grade data` and `grade data clear`: the content of the cache folder as lines of text, and its removal."""

from __future__ import annotations

from rich.console import Console
from rich.filesize import decimal

from grader.data.errors import DataError
from grader.data.inventory import CachedFile, Inventory, remove
from grader.text import counted, printable

HEADINGS = ("source", "documents", "tokens", "distinct", "vocabulary", "on disk")
NARROWEST_SOURCE = 20  # characters


def show(console: Console, text: str) -> None:
    """Print plain text: brackets in a path are no markup, and where it is piped, lines are not wrapped."""
    console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=not console.is_terminal)


def show_inventory(inventory: Inventory, console: Console) -> None:
    """One line for each token array, then the total and the folder."""
    folder = printable(str(inventory.folder))
    if inventory.arrays:
        _show_table([HEADINGS, *map(_cells, inventory.arrays)], console)
        total = decimal(sum(array.size for array in inventory.arrays))
        show(console, f"\n{counted(len(inventory.arrays), 'token array')}, {total} in {folder}")
    else:
        show(console, f"Nothing is cached in {folder}.")
        show(console, "`grade data pull --tokenizer gpt2` fetches FineWeb with GPT-2's vocabulary, as in the lesson.")
    if any(array.header is None for array in inventory.arrays):
        show(console, "unknown: damaged, or of another version; it is not used. `grade data clear` removes it.")
    for leftover in inventory.leftovers:
        what = "is being written now" if leftover.in_use else "was left unfinished; `grade data clear` removes it"
        show(console, f"{leftover.path.name} ({decimal(leftover.size)}) {what}.")


def clear(inventory: Inventory, console: Console) -> None:
    """Remove the token arrays and what interrupted runs left; say how much was freed.

    Raises:
        DataError: a file could not be removed; the others are.
    """
    folder = printable(str(inventory.folder))
    failures = remove(inventory.removable)
    failed = {path for path, _ in failures}
    removed = [file for file in inventory.removable if file.path not in failed]
    if removed:
        arrays = counted(sum(isinstance(file, CachedFile) for file in removed), "token array")
        others = sum(not isinstance(file, CachedFile) for file in removed)
        parts = f"{arrays} and {counted(others, 'unfinished file')}" if others else arrays
        show(console, f"Removed {parts}: {decimal(sum(file.size for file in removed))} freed in {folder}")
    elif not failures:
        show(console, f"Nothing to remove in {folder}.")
    for leftover in inventory.leftovers:
        if leftover.in_use:
            show(console, f"{leftover.path.name} stays: it is being written now.")
    if failures:
        path, error = failures[0]
        raise DataError(f"{path} cannot be removed ({error.strerror}): change the permissions of its folder")


def _show_table(rows: list[tuple[str, ...]], console: Console) -> None:
    """Aligned columns; on a terminal, a source that is too long for the line loses its beginning."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if console.is_terminal:
        others = sum(widths[1:]) + 2 * (len(widths) - 1)
        widths[0] = min(widths[0], max(console.width - others, NARROWEST_SOURCE))
    for source, *cells in rows:
        if len(source) > widths[0]:
            source = "…" + source[1 - widths[0] :]
        figures = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        show(console, "  ".join([source.ljust(widths[0]), *figures]))


def _cells(array: CachedFile) -> tuple[str, ...]:
    header = array.header
    if header is None:
        return (f"unknown ({array.path.name})", "", "", "", "", decimal(array.size))
    counts = (header.documents, header.tokens, header.distinct)
    figures = (f"{count:,}" for count in counts)
    return (printable(header.source), *figures, printable(header.vocabulary), decimal(array.size))
