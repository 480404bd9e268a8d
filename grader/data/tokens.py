"""One flat array of tokens for a source and a vocabulary: from the cache where it is there, else read and encoded."""

import errno
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tiktoken

from grader.data.cache import cache_folder, read_cached, write_cached
from grader.data.documents import Progress, read_documents, source_path
from grader.data.encoding import Chunk, Tokens, encode_documents, token_type
from grader.data.errors import DataError
from grader.data.fineweb import CONFIGURATION, REPOSITORY
from grader.data.local_file import checked_kind
from grader.data.packaged import CORPUS


@dataclass(frozen=True)
class TokenArray:
    """The tokens of some documents, each document with the end-of-text token before it.

    `tokens` is a read-only NumPy array `[tokens]` of unsigned 16- or 32-bit integers, memory-mapped where it comes from
    the cache: a slice costs nothing, and `torch.from_numpy(slice.astype(np.int64))` makes it a tensor.
    """

    tokens: Tokens
    documents: int
    source: str  # "sample", "fineweb" or the path as it was given
    vocabulary: str  # the tokenizer's name
    distinct: int  # how many different tokens there are, the end-of-text token among them


def load_tokens(
    source: str,
    tokenizer: tiktoken.Encoding,
    *,
    documents: int = 1000,
    on_progress: Progress | None = None,
    on_tokens: Callable[[int], None] | None = None,
) -> TokenArray:
    """The tokens of the first `documents` documents of "sample", "fineweb" or the file with that path.

    What has been encoded once is kept in the user's cache folder; where that cannot be written, it is encoded anew.
    `on_progress` gets the number of documents read so far, and how many there will be where that is known; `on_tokens`
    the number of tokens encoded so far, which comes some documents later.
    """
    request = _Request(source, tokenizer, documents, content=_content(source))
    try:
        return request.cached() or request.store(on_progress, on_tokens)
    except (OSError, RuntimeError):  # read-only, full, or no home folder; reading the source raises only DataError
        return request.without_cache(on_progress, on_tokens)


def cached_tokens(source: str, tokenizer: tiktoken.Encoding, *, documents: int = 1000) -> TokenArray | None:
    """What `load_tokens` would take from the cache, None where it is not there."""
    return _Request(source, tokenizer, documents, content=_content(source)).cached()


def store_tokens(
    source: str,
    tokenizer: tiktoken.Encoding,
    *,
    documents: int = 1000,
    on_progress: Progress | None = None,
    on_tokens: Callable[[int], None] | None = None,
) -> TokenArray:
    """Read and encode as `load_tokens` does, whether it is cached or not, and keep it in the cache.

    Raises:
        OSError, RuntimeError: the cache cannot be written.
    """
    return _Request(source, tokenizer, documents, content=_content(source)).store(on_progress, on_tokens)


@dataclass(frozen=True)
class _Request:
    """Some documents of a source, to be had as tokens."""

    source: str
    tokenizer: tiktoken.Encoding
    documents: int  # at most
    content: list[Any]  # what told the source's content from another when the request came

    @cached_property
    def key(self) -> str:
        """Hexadecimal digits that change with the source's content, the vocabulary or the number of documents."""
        tokenizer = self.tokenizer
        facts = [self.content, tokenizer.name, tokenizer.n_vocab, vocabulary_digest(tokenizer), self.documents]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def cached(self) -> TokenArray | None:
        found = read_cached(self.key)
        if found is None:
            return None
        header, tokens = found
        return TokenArray(tokens, header.documents, self.source, self.tokenizer.name, header.distinct)

    def store(self, on_progress: Progress | None, on_tokens: Callable[[int], None] | None) -> TokenArray:
        cache_folder().mkdir(parents=True, exist_ok=True)  # tried first: reading a large source in vain would be slow
        write_cached(
            self.key,
            self._chunks(on_progress, on_tokens),
            dtype=token_type(self.tokenizer),
            n_vocab=self.tokenizer.n_vocab,
            source=_label(self.source),
            vocabulary=self.tokenizer.name,
        )
        array = self.cached()
        if array is None:
            raise FileNotFoundError(errno.ENOENT, "it was removed at once", str(cache_folder()))
        return array

    def without_cache(self, on_progress: Progress | None, on_tokens: Callable[[int], None] | None) -> TokenArray:
        chunks = list(self._chunks(on_progress, on_tokens))
        tokens = np.concatenate([chunk.tokens for chunk in chunks])
        tokens.flags.writeable = False
        documents = sum(chunk.documents for chunk in chunks)
        return TokenArray(tokens, documents, self.source, self.tokenizer.name, len(np.unique(tokens)))

    def _chunks(self, on_progress: Progress | None, on_tokens: Callable[[int], None] | None) -> Iterator[Chunk]:
        tokens = 0
        texts = read_documents(self.source, limit=self.documents, on_progress=on_progress)
        for chunk in encode_documents(texts, self.tokenizer):
            tokens += len(chunk.tokens)
            if on_tokens is not None:
                on_tokens(tokens)
            yield chunk
        if _content(self.source) != self.content:
            raise DataError(f"{self.source} changed while it was read: run the command again")


def _label(source: str) -> str:
    """The source as a list of cached files names it."""
    return source if source in ("sample", "fineweb") else str(source_path(source).resolve())


def _content(source: str) -> list[Any]:
    """What tells this content of the source from another: a hash, a name, or a file's place, size and times.

    The time of the last change of status cannot be set back, as that of the last change of content can: a file that is
    edited to the same length and given its old date is read again.
    """
    if source == "fineweb":
        return ["fineweb", REPOSITORY, CONFIGURATION]
    if source == "sample":
        return ["sample", hashlib.sha256(CORPUS.read_bytes()).hexdigest()]
    path = source_path(source)
    checked_kind(path)
    try:
        status = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check the path") from error
    times = [status.st_mtime_ns, status.st_ctime_ns]
    return ["file", str(path.resolve()), status.st_ino, status.st_size, *times]


def vocabulary_digest(tokenizer: tiktoken.Encoding) -> str:
    """The SHA-256 of the vocabulary's tokens in the order of their ranks."""
    digest = hashlib.sha256()
    for token in sorted(tokenizer.token_byte_values(), key=tokenizer.encode_single_token):
        digest.update(len(token).to_bytes(4, "big") + token)
    return digest.hexdigest()
