"""One flat array of tokens for a source and a vocabulary: from the cache where it is there, else read and encoded."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
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
    source: str, tokenizer: tiktoken.Encoding, *, documents: int = 1000, on_progress: Progress | None = None
) -> TokenArray:
    """The tokens of the first `documents` documents of "sample", "fineweb" or the file with that path.

    What has been encoded once is kept in the user's cache folder; where that cannot be written, it is encoded anew.
    """
    key = _key(source, tokenizer, documents=documents)

    def chunks() -> Iterator[Chunk]:
        return encode_documents(read_documents(source, limit=documents, on_progress=on_progress), tokenizer)

    cached = read_cached(key)
    if cached is None and _write(key, chunks(), tokenizer):
        cached = read_cached(key)
    if cached is None:
        return _without_cache(source, tokenizer, list(chunks()))
    header, tokens = cached
    return TokenArray(tokens, header.documents, source, tokenizer.name, header.distinct)


def _write(key: str, chunks: Iterator[Chunk], tokenizer: tiktoken.Encoding) -> bool:
    """Whether the cache took the tokens. The folder is tried first: reading a large source in vain would be slow."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        write_cached(key, chunks, dtype=token_type(tokenizer), n_vocab=tokenizer.n_vocab)
    except (OSError, RuntimeError):  # read-only, full, or no home folder; reading the source raises only DataError
        return False
    return True


def _without_cache(source: str, tokenizer: tiktoken.Encoding, chunks: list[Chunk]) -> TokenArray:
    tokens = np.concatenate([chunk.tokens for chunk in chunks])
    tokens.flags.writeable = False
    documents = sum(chunk.documents for chunk in chunks)
    return TokenArray(tokens, documents, source, tokenizer.name, len(np.unique(tokens)))


def _key(source: str, tokenizer: tiktoken.Encoding, *, documents: int) -> str:
    """Hexadecimal digits that change with the source's content, the vocabulary or the number of documents."""
    facts = [_content(source), tokenizer.name, tokenizer.n_vocab, vocabulary_digest(tokenizer), documents]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _content(source: str) -> list[Any]:
    """What tells this content of the source from another: a hash, a name, or a file's place, size and time."""
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
    return ["file", str(path.resolve()), status.st_size, status.st_mtime_ns]


def vocabulary_digest(tokenizer: tiktoken.Encoding) -> str:
    """The SHA-256 of the vocabulary's tokens in the order of their ranks."""
    digest = hashlib.sha256()
    for token in sorted(tokenizer.token_byte_values(), key=tokenizer.encode_single_token):
        digest.update(len(token).to_bytes(4, "big") + token)
    return digest.hexdigest()
