"""The vocabulary and the Parquet file follow from the texts alone, and the trainer agrees with tiktoken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.data.build import VOCABULARY_SIZE, ordered_texts, ranks_of, rows, vocabulary_file, write_corpus
from grader.data.byte_pair import SegmentedWords, joined, train_vocabulary
from grader.data.packaged import CORPUS, VOCABULARY
from grader.data.tokenizer import SPLIT_PATTERN, packaged_encoding


def test_training_again_gives_the_same_vocabulary_byte_for_byte() -> None:
    assert vocabulary_file(ordered_texts()) == VOCABULARY.read_bytes()


def test_the_vocabulary_does_not_depend_on_the_seed_of_hashes(run_python: Callable[..., Any]) -> None:
    program = (
        "from grader.data.build import ordered_texts, vocabulary_file; import hashlib;"
        "print(hashlib.sha256(vocabulary_file(ordered_texts())).hexdigest())"
    )
    assert len({run_python(program, PYTHONHASHSEED=seed).stdout for seed in ("1", "2")}) == 1


def test_building_again_gives_the_same_rows(packaged: tiktoken.Encoding) -> None:
    assert rows(ordered_texts(), packaged) == pyarrow.parquet.read_table(CORPUS).to_pylist()


def test_two_builds_give_the_same_parquet_bytes(packaged: tiktoken.Encoding, tmp_path: Path) -> None:
    table = rows(ordered_texts(), packaged)
    write_corpus(table, tmp_path / "first.parquet")
    write_corpus(table, tmp_path / "second.parquet")
    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "second.parquet").read_bytes()


def test_the_first_256_ranks_are_the_bytes() -> None:
    assert list(ranks_of(VOCABULARY.read_bytes()))[:256] == [bytes([byte]) for byte in range(256)]


def test_every_token_is_two_earlier_tokens_put_together() -> None:
    ranks = ranks_of(VOCABULARY.read_bytes())
    for token, rank in list(ranks.items())[256:]:
        splits = [(token[:cut], token[cut:]) for cut in range(1, len(token))]
        assert any(max(ranks.get(left, rank), ranks.get(right, rank)) < rank for left, right in splits)


def test_the_vocabulary_has_2048_tokens_with_the_end_of_text() -> None:
    assert len(ranks_of(VOCABULARY.read_bytes())) + 1 == VOCABULARY_SIZE == 2048


def test_the_most_frequent_pair_is_merged_first() -> None:
    ranks = train_vocabulary(["ab ab ab cd"], size=257, split_pattern=SPLIT_PATTERN)
    assert ranks[b"ab"] == 256


def test_of_equally_frequent_pairs_the_first_in_byte_order_is_merged() -> None:
    assert train_vocabulary(["zz yy"], size=257, split_pattern=r"\w+")[b"yy"] == 256


def test_too_little_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="too few different pairs"):
        train_vocabulary(["ab"], size=300, split_pattern=SPLIT_PATTERN)


def test_pairs_are_joined_from_left_to_right() -> None:
    assert joined([b"a", b"a", b"a"], b"aa") == [b"aa", b"a"]


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abc ", min_size=20, max_size=60), min_size=3, max_size=6))
def test_the_trainer_cuts_words_as_tiktoken_does(texts: list[str]) -> None:
    ranks = train_as_far_as_possible(texts)
    tokenizer = packaged_encoding(ranks)
    words = SegmentedWords(texts, split_pattern=SPLIT_PATTERN)
    known = dict(list(ranks.items())[:256])
    for token in list(ranks)[256:]:
        known[token] = ranks[token]
        words.merge_all(token, known)
    for parts in words.parts:
        assert [ranks[part] for part in parts] == tokenizer.encode_ordinary(b"".join(parts).decode())


def train_as_far_as_possible(texts: list[str]) -> dict[bytes, int]:
    for size in (276, 266, 261, 257, 256):
        try:
            return train_vocabulary(texts, size=size, split_pattern=SPLIT_PATTERN)
        except ValueError:
            continue
    raise AssertionError("256 bytes are always there")
