"""Documents → tokens: chunk by chunk, so that memory stays bounded, each chunk encoded by several threads."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import tiktoken

Tokens = npt.NDArray[np.unsignedinteger[Any]]

CHUNK_CHARACTERS = 4_000_000  # about a million tokens; as Python integers some 40 MB


@dataclass(frozen=True)
class Chunk:
    """The tokens of some whole documents: `tokens` `[tokens]`, each document with the end-of-text token before it."""

    tokens: Tokens
    documents: int


def encode_documents(texts: Iterable[str], tokenizer: tiktoken.Encoding) -> Iterator[Chunk]:
    """The documents' tokens in order. The end-of-text token comes first in each document, as in GPT-2's training data.

    A text that spells `<|endoftext|>` is encoded as ordinary characters, so no document can fake the mark.
    """
    for batch in _batches(texts, characters=CHUNK_CHARACTERS):
        encoded = tokenizer.encode_ordinary_batch(batch, num_threads=os.cpu_count() or 1)
        flat = chain.from_iterable(chain((tokenizer.eot_token,), document) for document in encoded)
        yield Chunk(np.fromiter(flat, dtype=token_type(tokenizer)), documents=len(batch))


def token_type(tokenizer: tiktoken.Encoding) -> np.dtype[Any]:
    """The smallest unsigned type that holds every token id: 2 bytes a token for GPT-2 and the packaged vocabulary."""
    return np.dtype("<u2" if tokenizer.n_vocab <= 1 << 16 else "<u4")


def _batches(texts: Iterable[str], *, characters: int) -> Iterator[list[str]]:
    """Whole texts in lists that end with the text that reaches the number of characters."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= characters:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
