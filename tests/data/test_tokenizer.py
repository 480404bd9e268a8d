"""Two vocabularies by name; text survives both; a missing one is a quick line that says what to do."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import regex
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.data import DataError, load_tokenizer, read_documents
from grader.data.bounded import call_within
from grader.data.tokenizer import SPLIT_PATTERN

GPT2_SPLIT_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
CLOSED_PORT = "http://127.0.0.1:9"


@given(st.text())
def test_every_text_survives_the_packaged_vocabulary(text: str) -> None:
    tokenizer = load_tokenizer("packaged")
    assert tokenizer.decode(tokenizer.encode_ordinary(text)) == text


@settings(max_examples=300)
@given(st.text(alphabet=st.one_of(st.sampled_from("aé1'st \n\t.-"), st.characters(exclude_categories=["Cs"]))))
def test_text_is_cut_into_words_as_gpt2_cuts_it(text: str) -> None:
    assert regex.findall(SPLIT_PATTERN, text) == regex.findall(GPT2_SPLIT_PATTERN, text)


def test_every_document_of_the_sample_survives(packaged: tiktoken.Encoding) -> None:
    assert all(packaged.decode(packaged.encode_ordinary(text)) == text for text in read_documents("sample"))


def test_the_end_of_text_is_the_last_token(packaged: tiktoken.Encoding) -> None:
    assert packaged.eot_token == packaged.n_vocab - 1 == 2047


def test_text_that_spells_the_end_of_text_is_ordinary(packaged: tiktoken.Encoding) -> None:
    assert packaged.eot_token not in packaged.encode_ordinary("<|endoftext|>")


def test_gpt2_is_the_real_one(gpt2: tiktoken.Encoding) -> None:
    assert (gpt2.n_vocab, gpt2.encode_ordinary("Hello world")) == (50257, [15496, 995])


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(DataError, match="packaged, gpt2"):
        load_tokenizer("gpt3")


def test_without_a_network_gpt2_fails_quickly_in_one_line(run_python: Callable[..., Any], tmp_path: Path) -> None:
    program = (
        "from grader.data import DataError, load_tokenizer\n"
        "try: load_tokenizer('gpt2')\n"
        "except DataError as error: print(error)"
    )
    proxies = {"HTTPS_PROXY": CLOSED_PORT, "https_proxy": CLOSED_PORT, "NO_PROXY": "", "no_proxy": ""}
    begun = time.monotonic()
    done = run_python(program, TIKTOKEN_CACHE_DIR=str(tmp_path), **proxies)
    assert time.monotonic() - begun < 15
    assert re.fullmatch(r"the GPT-2 vocabulary is not on this computer.*--tokenizer packaged.*\n", done.stdout)
    assert (done.stderr, list(tmp_path.iterdir())) == ("", [])


def test_a_call_that_hangs_is_given_up() -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
        call_within(0.1, lambda: time.sleep(30))
    assert time.monotonic() - begun < 5


def test_a_bounded_call_hands_on_the_result() -> None:
    assert call_within(5, lambda: "here") == "here"


def test_a_bounded_call_hands_on_the_exception() -> None:
    with pytest.raises(ZeroDivisionError):
        call_within(5, lambda: 1 // 0)
