"""Documents are encoded by several threads at once, in order, exactly, and with bounded memory."""

import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tiktoken
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.data import encoding, load_tokens
from grader.data import tokens as tokens_module
from grader.data.encoding import END_OF_TEXT, encode_documents

ANY_TEXT = st.text(st.sampled_from("ab's 1.\n\t\r\u00a0\u2003\x1c\x85é🜚") | st.characters(), max_size=80)


def plainly(texts: list[str], tokenizer: tiktoken.Encoding) -> list[int]:
    """One document after the other, as tiktoken encodes it."""
    return [token for text in texts for token in (tokenizer.eot_token, *tokenizer.encode_ordinary(text))]


def all_tokens(texts: list[str], tokenizer: tiktoken.Encoding) -> list[int]:
    return [token for chunk in encode_documents(texts, tokenizer) for token in chunk.tokens.tolist()]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4), characters=st.sampled_from([1, 3, 10, 1000]))
def test_chunks_of_any_size_give_the_tokens_of_tiktoken(
    texts: list[str], characters: int, packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", characters)
    assert all_tokens(texts, packaged) == plainly(texts, packaged)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_gpt2s_pattern_can_be_cut_as_well(
    texts: list[str], gpt2: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 3)
    assert all_tokens(texts, gpt2) == plainly(texts, gpt2)


@pytest.mark.parametrize("text", [END_OF_TEXT, f"a{END_OF_TEXT}b", "<|endoftext|", "half a pair \ud83d here"])
def test_marks_and_half_characters_in_a_text_are_ordinary_text(text: str, packaged: tiktoken.Encoding) -> None:
    texts = ["before", text, END_OF_TEXT[1:], "after"]
    tokens = all_tokens(texts, packaged)
    assert tokens == plainly(texts, packaged)
    assert tokens.count(packaged.eot_token) == len(texts)


def test_a_long_document_is_cut_into_chunks_but_counts_once(
    packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 1000)
    texts = ["one fish, two fish\n" * 500, "red fish"]
    chunks = list(encode_documents(texts, packaged))
    assert len(chunks) >= 9
    assert max(len(chunk.tokens) for chunk in chunks) < 1100
    assert sum(chunk.documents for chunk in chunks) == 2
    assert np.concatenate([chunk.tokens for chunk in chunks]).tolist() == plainly(texts, packaged)


def test_every_usable_core_encodes_at_the_same_time(
    packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = 6
    all_there = threading.Barrier(cores)
    encode = encoding._encode

    def encode_together(*arguments: Any) -> encoding.Chunk:
        all_there.wait(timeout=20)  # raises unless `cores` threads get here together
        return encode(*arguments)

    monkeypatch.setattr(encoding, "usable_cores", lambda: cores)
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 10)
    monkeypatch.setattr(encoding, "_encode", encode_together)
    texts = ["at least ten characters"] * (3 * cores)
    assert all_tokens(texts, packaged) == plainly(texts, packaged)


def test_the_reader_is_never_more_than_the_waiting_chunks_ahead(
    packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "usable_cores", lambda: 3)
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 100)
    read = done = 0

    def stream() -> Iterator[str]:
        nonlocal read
        for _ in range(500):
            read += 1
            yield "x y " * 25  # 100 characters: one chunk

    for chunk in encode_documents(stream(), packaged):
        assert read - done <= 3 * encoding.CHUNKS_A_CORE
        done += chunk.documents
    assert (read, done) == (500, 500)


def test_the_peak_of_memory_does_not_grow_with_the_number_of_documents(
    packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "usable_cores", lambda: 2)
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 20_000)
    document = "one fish, two fish, red fish, blue fish\n" * 50  # 2,000 characters

    def peak(documents: int) -> int:
        """Bytes that Python and NumPy hold at most while `load_tokens` encodes a generated stream into the cache."""
        stream = (f"{number} {document}" for number in range(documents))
        monkeypatch.setattr(tokens_module, "read_documents", lambda *_, **__: stream)
        tracemalloc.start()
        try:
            assert load_tokens("sample", packaged, documents=documents).documents == documents
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(50)  # what is imported and kept the first time
    few, many = peak(200), peak(1600)
    assert many < 1.3 * few + 100_000


def test_a_threads_own_copy_of_the_tokenizer_gives_the_same_tokens(
    packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[int] = set()
    encode = encoding._encode

    def note(pieces: Any, tokenizer: tiktoken.Encoding) -> encoding.Chunk:
        used.add(id(tokenizer))
        return encode(pieces, tokenizer)

    monkeypatch.setattr(encoding, "usable_cores", lambda: 2)
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 10)
    monkeypatch.setattr(encoding, "_encode", note)
    texts = [f"{number} fish and {END_OF_TEXT}" for number in range(100)]
    assert all_tokens(texts, packaged) == plainly(texts, packaged)
    assert id(packaged) in used
    assert len(used) > 1


def test_giving_up_early_ends_the_threads(packaged: tiktoken.Encoding) -> None:
    before = threading.active_count()
    chunks = encode_documents(("some words " * 30_000 for _ in range(1000)), packaged)
    next(chunks)
    chunks.close()  # type: ignore[attr-defined]  # a generator
    assert threading.active_count() == before
