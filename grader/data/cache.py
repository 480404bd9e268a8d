"""Encoded tokens on disk: one file for each source, vocabulary and number of documents, in the user's cache folder.

A file is a header of 4,096 bytes (one line of JSON) and the tokens as a flat array. It is written beside its place and
moved there when it is whole. The header holds the key, the length and the SHA-256 of the tokens; a file that disagrees
with any of them (cut off, foreign, of an older format) counts as absent. Any number of processes may write the same
file at once: each writes its own, and the last one to finish gives the name to an equal content.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from grader.data.encoding import Chunk, Tokens

if sys.platform != "win32":
    import fcntl

FORMAT = "fine-dropout-tokens-2"
HEADER_BYTES = 4096
SOURCE_CHARACTERS = 256  # of the label; in JSON a character takes 12 bytes at most, so a header always fits
DTYPES = ("<u2", "<u4")
UNFINISHED = "unfinished-"


@dataclass(frozen=True)
class Header:
    """What stands before the tokens: `tokens` is their number, `distinct` how many different ones there are.

    `source` and `vocabulary` are for people to read: "sample", "fineweb" or the path of a file, and a tokenizer's name.
    """

    format: str
    key: str
    source: str
    vocabulary: str
    dtype: str
    tokens: int
    documents: int
    distinct: int
    sha256: str


def cache_folder() -> Path:
    """Where this user's caches lie; `FINE_DROPOUT_CACHE` overrides it. `RuntimeError` where there is no home folder."""
    if override := os.environ.get("FINE_DROPOUT_CACHE"):
        return Path(override).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fine-dropout"


def cache_file(key: str) -> Path:
    """The file of a key (hexadecimal digits)."""
    return cache_folder() / f"tokens-{key[:32]}.bin"


def read_header(path: Path) -> Header | None:
    """The header of a file of this format that has the length it states; None for any other file."""
    try:
        with path.open("rb") as file:
            header = Header(**json.loads(file.read(HEADER_BYTES)))
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError, TypeError, RecursionError):  # absent, unreadable, not JSON, not these fields
        return None
    texts = (header.format, header.key, header.source, header.vocabulary, header.dtype, header.sha256)
    counts = (header.tokens, header.documents, header.distinct)
    if not (all(type(text) is str for text in texts) and all(type(count) is int for count in counts)):
        return None
    if header.format != FORMAT or header.dtype not in DTYPES:
        return None
    return header if size == HEADER_BYTES + header.tokens * np.dtype(header.dtype).itemsize else None


def read_cached(key: str) -> tuple[Header, Tokens] | None:
    """The header and the tokens `[tokens]`, memory-mapped and read-only; None where there is no sound file."""
    try:
        path = cache_file(key)
        header = read_header(path)
        if header is None or header.key != key:
            return None
        tokens = np.memmap(path, dtype=header.dtype, mode="r", offset=HEADER_BYTES)
    except (OSError, ValueError, RuntimeError):  # no home folder, no tokens, or removed in between
        return None
    sound = len(tokens) == header.tokens and hashlib.sha256(tokens.data).hexdigest() == header.sha256
    return (header, tokens) if sound else None


def write_cached(
    key: str, chunks: Iterable[Chunk], *, dtype: np.dtype[Any], n_vocab: int, source: str, vocabulary: str
) -> None:
    """Write the chunks' tokens to the key's file, whole or not at all. `OSError` where that cannot be."""
    path = cache_file(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED)
    try:
        with open(handle, "wb") as file:
            lock(file)
            file.write(b" " * HEADER_BYTES)
            facts = _write_tokens(file, chunks, dtype=dtype, n_vocab=n_vocab)
            label = source if len(source) <= SOURCE_CHARACTERS else "…" + source[1 - SOURCE_CHARACTERS :]
            header = Header(format=FORMAT, key=key, source=label, vocabulary=vocabulary, dtype=dtype.str, **facts)
            file.seek(0)
            file.write(json.dumps(asdict(header)).encode().ljust(HEADER_BYTES - 1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:  # Ctrl-C as well: nothing unfinished is left behind
        with suppress(OSError):
            os.unlink(scratch)
        raise


def _write_tokens(file: IO[bytes], chunks: Iterable[Chunk], *, dtype: np.dtype[Any], n_vocab: int) -> dict[str, Any]:
    """Write the tokens; return what the header says about them."""
    digest = hashlib.sha256()
    seen = np.zeros(n_vocab, dtype=bool)
    tokens = documents = 0
    for chunk in chunks:
        content = chunk.tokens.astype(dtype, copy=False).tobytes()
        file.write(content)
        digest.update(content)
        seen[chunk.tokens] = True
        tokens += len(chunk.tokens)
        documents += chunk.documents
    return {"tokens": tokens, "documents": documents, "distinct": int(seen.sum()), "sha256": digest.hexdigest()}


def lock(file: IO[bytes]) -> bool:
    """Mark an open file as in use until it is closed, however this process ends. False where another one uses it."""
    if sys.platform != "win32":  # there, a file that is open cannot be removed anyway
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
    return True
