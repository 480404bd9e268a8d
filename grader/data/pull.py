"""`grade data pull`: a source's tokens into the cache, with a bar on a terminal and a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from grader.data.cache import cache_folder
from grader.data.documents import source_path
from grader.data.errors import DataError
from grader.data.listing import show
from grader.data.tokenizer import load_tokenizer
from grader.data.tokens import TokenArray, cached_tokens, store_tokens
from grader.text import printable

SECONDS_A_LINE = 5.0


class Watcher(Protocol):
    """Is told how far reading and encoding are."""

    def documents_read(self, read: int, total: int | None) -> None: ...

    def tokens_encoded(self, tokens: int) -> None: ...


def pull(source: str, *, documents: int, tokenizer_name: str, console: Console) -> None:
    """Read, encode and keep the first `documents` documents, unless they are there already; print the facts.

    Raises:
        DataError: the source, the vocabulary or the cache folder cannot be used.
    """
    tokenizer = load_tokenizer(tokenizer_name)
    array = cached_tokens(source, tokenizer, documents=documents)
    if array is not None:
        show(console, "In the cache already, nothing to do:")
    else:
        with watching(console, source, documents=documents) as watcher:
            try:
                array = store_tokens(
                    source,
                    tokenizer,
                    documents=documents,
                    on_progress=watcher.documents_read,
                    on_tokens=watcher.tokens_encoded,
                )
            except (OSError, RuntimeError) as error:
                raise cannot_be_kept(error) from error
        show(console, "Read, encoded and kept in the cache:")
    _show_facts(console, array, vocab_size=tokenizer.n_vocab)


def cannot_be_kept(error: Exception) -> DataError:
    """The error of a cache folder that cannot be written, or of a missing home folder."""
    if isinstance(error, RuntimeError):
        return DataError("there is no home folder for the cache: set FINE_DROPOUT_CACHE to a folder")
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return DataError(
        f"the cache folder {cache_folder()} cannot be used ({reason}): make room or permission there, or set"
        " FINE_DROPOUT_CACHE to another folder"
    )


@contextmanager
def watching(console: Console, source: str, *, documents: int) -> Iterator[Watcher]:
    """A watcher for as long as the source is read."""
    name = source if source in ("sample", "fineweb") else source_path(source).name
    if not console.is_terminal or console.is_dumb_terminal:
        show(console, f"Reading {printable(name)}, {documents:,} documents at most ...")
        yield Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[read]:,} documents, {task.fields[tokens]:,} tokens", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(printable(name), total=None, read=0, tokens=0)
        yield Bar(progress, task)


@dataclass(frozen=True)
class Bar:
    """On a terminal: a bar where the number of documents is known, else one that only moves."""

    progress: Progress
    task: TaskID

    def documents_read(self, read: int, total: int | None) -> None:
        self.progress.update(self.task, completed=read, total=total, read=read)

    def tokens_encoded(self, tokens: int) -> None:
        self.progress.update(self.task, tokens=tokens)


@dataclass
class Lines:
    """Elsewhere: a line every few seconds."""

    console: Console
    tokens: int = 0
    last: float = field(default_factory=time.monotonic)  # seconds; when the last line was printed

    def documents_read(self, read: int, total: int | None) -> None:
        if time.monotonic() - self.last < SECONDS_A_LINE:
            return
        self.last = time.monotonic()
        of_all = f" of {total:,}" if total is not None else ""
        show(self.console, f"  {read:,}{of_all} documents read, {self.tokens:,} tokens encoded")

    def tokens_encoded(self, tokens: int) -> None:
        self.tokens = tokens


def _show_facts(console: Console, array: TokenArray, *, vocab_size: int) -> None:
    facts = {
        "source": printable(array.source),
        "documents": f"{array.documents:,}",
        "tokens": f"{len(array.tokens):,}",
        "distinct tokens": f"{array.distinct:,} of {vocab_size:,} in the vocabulary ({array.vocabulary})",
        "on disk": f"{decimal(array.tokens.nbytes)} in {printable(str(cache_folder()))}",
    }
    for name, fact in facts.items():
        show(console, f"  {name:<17}{fact}")
