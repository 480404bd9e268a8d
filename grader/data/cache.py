"""Encoded tokens on disk: one file for each source, vocabulary and number of documents, in the user's cache folder.

A file is a header of 1,024 bytes (one line of JSON) and the tokens as a flat array. It is written beside its place and
moved there when it is whole. The header holds the key, the length and the SHA-256 of the tokens; a file that disagrees
with any of them (cut off, foreign, of an older format) counts as absent.
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

FORMAT = "fine-dropout-tokens-1"
HEADER_BYTES = 1024


@dataclass(frozen=True)
class Header:
    """What stands before the tokens: `tokens` is their number, `distinct` how many different ones there are."""

    format: str
    key: str
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


def read_cached(key: str) -> tuple[Header, Tokens] | None:
    """The header and the tokens `[tokens]`, memory-mapped and read-only; None where there is no sound file."""
    try:
        path = cache_file(key)
        with path.open("rb") as file:
            header = Header(**json.loads(file.read(HEADER_BYTES)))
        if (header.format, header.key) != (FORMAT, key):
            return None
        tokens = np.memmap(path, dtype=header.dtype, mode="r", offset=HEADER_BYTES)
        sound = len(tokens) == header.tokens and hashlib.sha256(tokens.data).hexdigest() == header.sha256
        return (header, tokens) if sound else None
    except (OSError, ValueError, TypeError, RuntimeError):  # absent, unreadable, not a header, not whole tokens
        return None


def write_cached(key: str, chunks: Iterable[Chunk], *, dtype: np.dtype[Any], n_vocab: int) -> None:
    """Write the chunks' tokens to the key's file, whole or not at all. `OSError` where that cannot be."""
    path = cache_file(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix="unfinished-")
    try:
        with open(handle, "wb") as file:
            file.write(b" " * HEADER_BYTES)
            header = _write_tokens(file, key, chunks, dtype=dtype, n_vocab=n_vocab)
            file.seek(0)
            file.write(json.dumps(asdict(header)).encode().ljust(HEADER_BYTES - 1) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:  # Ctrl-C as well: nothing unfinished is left behind
        with suppress(OSError):
            os.unlink(scratch)
        raise


def _write_tokens(file: IO[bytes], key: str, chunks: Iterable[Chunk], *, dtype: np.dtype[Any], n_vocab: int) -> Header:
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
    return Header(FORMAT, key, dtype.str, tokens, documents, int(seen.sum()), digest.hexdigest())
