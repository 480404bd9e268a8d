"""Documents → tokens: piece by piece, several at once, so that all cores work and memory stays bounded.

The calling thread reads the documents and collects their text in chunks; a pool of threads encodes the chunks, which
tiktoken does without holding Python's lock; the tokens come back in order. A chunk is encoded in one call, as NumPy:
with a call for each document the threads would spend their time waiting for the lock.

Both vocabularies cut text into words as GPT-2 does, so that text can be cut anywhere before the spaces that follow a
word: a long document is encoded in several chunks and gives the same tokens.
"""

import os
import re
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tiktoken

Tokens = npt.NDArray[np.unsignedinteger[Any]]

END_OF_TEXT = "<|endoftext|>"
CHUNK_CHARACTERS = 250_000  # some 60,000 tokens, or 0.05 seconds of one core
CHUNKS_BEFORE_A_COPY = 8  # of one thread; less text is encoded sooner than the copy of a large vocabulary is made
CHUNKS_A_CORE = 2  # one that is being encoded and one that waits: no core has to wait for the reader
BEFORE_SPACES = re.compile(r"(?<=\S)(?=[ \n])")  # no word that GPT-2's pattern finds reaches across such a place


@dataclass(frozen=True)
class Chunk:
    """The tokens `[tokens]` of some text, with the end-of-text token before each of the documents that begin in it."""

    tokens: Tokens
    documents: int  # how many begin in it


@dataclass(frozen=True)
class _Piece:
    """A whole document, or a part of one that is longer than a chunk."""

    text: str
    begins: bool  # a document


def encode_documents(texts: Iterable[str], tokenizer: tiktoken.Encoding) -> Iterator[Chunk]:
    """The documents' tokens in order. The end-of-text token comes first in each document, as in GPT-2's training data.

    A text that spells `<|endoftext|>` is encoded as ordinary characters, so no document can fake the mark. `tokenizer`
    is one of `load_tokenizer`'s.
    """
    workers = usable_cores()
    waiting: deque[Future[Chunk]] = deque()
    pool = ThreadPoolExecutor(workers)
    own = _Own(tokenizer)
    try:
        for pieces in _batches(_pieces(texts), characters=CHUNK_CHARACTERS):
            waiting.append(pool.submit(lambda pieces: _encode(pieces, own.tokenizer()), pieces))
            if len(waiting) >= CHUNKS_A_CORE * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # Ctrl-C as well: what has not been begun is given up
        pool.shutdown(cancel_futures=True)


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def token_type(tokenizer: tiktoken.Encoding) -> np.dtype[Any]:
    """The smallest unsigned type that holds every token id: 2 bytes a token for GPT-2 and the packaged vocabulary."""
    return np.dtype("<u2" if tokenizer.n_vocab <= 1 << 16 else "<u4")


class _Own(threading.local):
    """Gives each thread a copy of the tokenizer, once it has encoded so much that a copy pays.

    A regular expression in tiktoken serves the first thread that uses it for about 25 % less processor time than it
    does the others, and those contend for it.
    """

    def __init__(self, tokenizer: tiktoken.Encoding) -> None:  # called anew in each thread
        self.shared = tokenizer
        self.copy: tiktoken.Encoding | None = None
        self.chunks = 0

    def tokenizer(self) -> tiktoken.Encoding:
        """The one to encode this thread's next chunk with."""
        self.chunks += 1
        if self.copy is None and self.chunks > CHUNKS_BEFORE_A_COPY:
            self.copy = tiktoken.Encoding(  # in the way of tiktoken's README for extending an encoding
                self.shared.name,
                pat_str=self.shared._pat_str,
                mergeable_ranks=self.shared._mergeable_ranks,
                special_tokens=self.shared._special_tokens,
            )
        return self.copy or self.shared


def _encode(pieces: list[_Piece], tokenizer: tiktoken.Encoding) -> Chunk:
    """The tokens of one chunk, in a thread of the pool."""
    documents = sum(piece.begins for piece in pieces)
    text = "".join(END_OF_TEXT + piece.text if piece.begins else piece.text for piece in pieces)
    if text.count(END_OF_TEXT) == documents:  # every mark is ours
        try:
            tokens = tokenizer.encode_to_numpy(text, allowed_special={END_OF_TEXT}, disallowed_special=())
            return Chunk(tokens.astype(token_type(tokenizer)), documents)
        except UnicodeEncodeError:  # half a surrogate pair, which only `encode_ordinary` replaces
            pass
    ids: list[int] = []
    for piece in pieces:
        ids += [tokenizer.eot_token] if piece.begins else []
        ids += tokenizer.encode_ordinary(piece.text)
    return Chunk(np.array(ids, dtype=token_type(tokenizer)), documents)


def _pieces(texts: Iterable[str]) -> Iterator[_Piece]:
    """The documents; one that is longer than a chunk in pieces of about a chunk, cut where no word is cut."""
    for text in texts:
        start = 0
        while len(text) - start > CHUNK_CHARACTERS:
            place = BEFORE_SPACES.search(text, start + CHUNK_CHARACTERS)
            if place is None:
                break
            yield _Piece(text[start : place.start()], begins=start == 0)
            start = place.start()
        yield _Piece(text[start:], begins=start == 0)


def _batches(pieces: Iterable[_Piece], *, characters: int) -> Iterator[list[_Piece]]:
    """Lists that end with the piece that reaches the number of characters."""
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece.text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
