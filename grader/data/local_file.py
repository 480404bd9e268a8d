"""The texts of one file on this computer: JSON Lines, Parquet or plain text, streamed by the `datasets` library.

JSON Lines are streamed as lines and each line is parsed here, not by the library's JSON loader: that one guesses types
(it turns texts that look like dates into dates) and cannot tell in which line a mistake is.
"""

import glob
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.data.errors import DataError, summary
from grader.data.quiet import quiet_datasets

JSON_LINES = (".jsonl", ".ndjson", ".json")
KNOWN = (*JSON_LINES, ".parquet", ".txt")
COMPRESSED = (".gz", ".zst")
PARQUET_ROWS = 1000  # read at a time; the library's own choice, the size of the first row group, fails on an empty file


def read_file(path: Path) -> Iterator[str]:
    """The text of each document, in the order of the file. A plain text file, whatever its length, is one document."""
    kind = checked_kind(path)
    if kind == ".parquet":
        return _texts_of_parquet(path)
    if kind == ".txt":
        return (row["text"] for row in _rows(path, "text", encoding="utf-8-sig", sample_by="document"))
    return _texts_of_lines(path)


def checked_kind(path: Path) -> str:
    """The file's extension without a compression's; a `DataError` where there is no such file to read."""
    if os.path.isdir(path):
        raise DataError(f"{path} is a folder: name one file in it ({', '.join(KNOWN)})")
    if not os.path.isfile(path):
        raise DataError(_why_there_is_no_file(path))
    if not os.access(path, os.R_OK):
        raise DataError(f"{path} may not be read by you: ask its owner for the right to, or name another file")
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = suffixes.pop() if suffixes and suffixes[-1] in COMPRESSED else ""
    kind = suffixes[-1] if suffixes else ""
    if kind not in KNOWN or (compression and kind == ".parquet"):
        raise DataError(f"{path} is of an unknown kind: use {', '.join(KNOWN)}, or text and JSON with .gz or .zst")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty (0 bytes): name a file with at least one document")
    if compression == ".zst":
        _require_zstandard(path)
    return kind


def _why_there_is_no_file(path: Path) -> str:
    mend = 'check the path, or use "sample", the packaged corpus'
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return f"there is no file {path}: {mend}"
    except OSError as problem:  # its folder may not be entered, or its name is too long
        return f"{path} cannot be looked up ({problem.strerror}): {mend}"
    return f"{path} is a pipe or a device: save the texts in a file first"


def _require_zstandard(path: Path) -> None:
    from fsspec.compression import available_compressions

    if "zstd" not in available_compressions():
        raise DataError(f"{path} needs the zstandard package: run pip install zstandard, or unpack the file first")


def _texts_of_lines(path: Path) -> Iterator[str]:
    for number, row in enumerate(_rows(path, "text", encoding="utf-8-sig", sample_by="line"), start=1):
        if row["text"].strip():
            yield text_of(_record(row["text"], place=f"{path}, line {number}"), place=f"{path}, line {number}")


def _record(line: str, *, place: str) -> Mapping[str, Any]:
    """One line of JSON Lines as an object."""
    shape = 'write one JSON object a line, such as {"text": "..."}'
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}: not valid JSON ({error.msg}, column {error.colno}): {shape}") from error
    except (ValueError, RecursionError) as error:  # a number of too many digits, brackets nested too deep
        raise DataError(f"{place}: JSON that cannot be read ({summary(error, characters=60)}): {shape}") from error
    if not isinstance(record, dict):
        raise DataError(f"{place}: holds a JSON {type(record).__name__}, not an object: {shape}")
    return record


def _texts_of_parquet(path: Path) -> Iterator[str]:
    for number, row in enumerate(_rows(path, "parquet", batch_size=PARQUET_ROWS), start=1):
        yield text_of(row, place=f"{path}, row {number}")


def text_of(record: Mapping[str, Any], *, place: str) -> str:
    """The `text` of one document."""
    if "text" not in record:
        columns = ", ".join(str(column) for column in list(record)[:12]) or "none"
        raise DataError(f"{place}: no `text` column (there are: {columns}): rename the column that holds the documents")
    text = record["text"]
    if not isinstance(text, str):
        raise DataError(f"{place}: `text` holds {type(text).__name__}, not a string: give each document its text")
    return text


def _rows(path: Path, builder: str, **options: str | int) -> Iterator[dict[str, Any]]:
    """The rows that the library's builder streams from the file; its errors become `DataError`s that name the file."""
    datasets = quiet_datasets()
    pattern = glob.escape(str(path.resolve()))  # the library takes [, ? and * in a name for a pattern
    try:
        with tempfile.TemporaryDirectory(prefix="fine-dropout-") as scratch:  # a lock file is all it gets to write
            dataset = datasets.load_dataset(
                builder, data_files=pattern, split="train", streaming=True, cache_dir=scratch, **options
            )
        if "text" in (dataset.column_names or ()):
            dataset = dataset.select_columns(["text"])
        yield from dataset
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error.reason}): save it again with the encoding UTF-8") from error
    except Exception as error:  # the readers of each format raise what they like: gzip, zstandard, Arrow
        raise DataError(f"{path} cannot be read ({summary(error)}): check that the file is whole") from error
