"""The documents of a source: the packaged corpus, FineWeb, or a file. All are streamed by the `datasets` library."""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from grader.data.errors import DataError
from grader.data.fineweb import read_fineweb
from grader.data.local_file import read_file
from grader.data.packaged import CORPUS

Progress = Callable[[int, int | None], None]


def read_documents(source: str, *, limit: int | None = None, on_progress: Progress | None = None) -> Iterator[str]:
    """The texts of the first `limit` documents (None: all) of "sample", "fineweb" or the file with that path.

    Documents without any text are left out and not counted. `on_progress` gets the number of documents read so far and
    how many there will be, which is known for FineWeb only. Errors come as `DataError` when the first document is asked
    for, or later where the source breaks off.
    """
    if limit is not None and limit < 1:
        raise DataError(f"{limit} documents were asked for: ask for 1 or more")
    total = limit if source == "fineweb" else None
    read = 0
    for text in islice(filter(str.strip, _all_texts(source)), limit):
        read += 1
        if on_progress is not None:
            on_progress(read, total)
        yield text
    if read == 0:
        raise DataError(f"{source} holds no text, only empty documents: name a source with at least one text")


def _all_texts(source: str) -> Iterator[str]:
    if source == "fineweb":
        return read_fineweb()
    return read_file(source_path(source))


def source_path(source: str) -> Path:
    """The file behind "sample" or a path."""
    # Not Path.expanduser(), which fails where there is no such home folder: then there is no such file.
    return CORPUS if source == "sample" else Path(os.path.expanduser(source))
