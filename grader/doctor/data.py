"""What is read and written: the packaged texts and vocabulary, the cache folder, the folder of the notes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.doctor.findings import Finding
from grader.project import NOWHERE, find_project, notes_folder

AGAIN = (
    "Install the grader again: pip install --force-reinstall --no-deps fine-dropout, or a fresh copy of the project."
)
NO_HOME = "there is no home folder to put them into"


def examine_data(start: Path) -> Iterator[Finding]:
    yield from _packaged()
    from grader.data.cache import cache_folder

    try:
        yield _writable("cache folder", cache_folder(), "Free it, or name another one in FINE_DROPOUT_CACHE.")
    except RuntimeError:
        yield Finding("cache folder", NO_HOME, "Name a folder in HOME, or in FINE_DROPOUT_CACHE.")
    notes = notes_folder(start)
    if notes == NOWHERE:
        yield Finding("notes", NO_HOME, "Without one, no progress is kept: name a folder in HOME.")
    else:
        yield _writable("notes", notes, "Without it, no progress is kept: change its permissions.")
    if find_project(start) is None:
        yield Finding("project", "you are outside the project, so that a folder must be named to be graded")


def _packaged() -> Iterator[Finding]:
    from grader.data.packaged import CORPUS
    from grader.data.tokenizer import load_tokenizer

    try:
        import pyarrow.parquet

        documents = pyarrow.parquet.read_table(CORPUS, columns=["text"]).num_rows
        words = load_tokenizer("packaged").n_vocab
    except (OSError, ValueError) as problem:
        yield Finding("packaged corpus", f"cannot be read ({problem})", AGAIN)
        return
    yield Finding("packaged corpus", f"{documents:,} documents, a vocabulary of {words:,} tokens")


def _writable(what: str, folder: Path, mend: str) -> Finding:
    """Write a file where the folder is, or would be made."""
    there = next(path for path in (folder, *folder.parents) if os.path.exists(path))
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".fine-dropout-") as file:
            file.write(b"x" * 4096)
    except OSError as problem:
        return Finding(what, f"{folder} cannot be written to ({problem.strerror})", mend)
    return Finding(what, f"{folder} can be written to")
