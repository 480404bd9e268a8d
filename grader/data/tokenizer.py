"""The vocabularies: the packaged one, always there, and GPT-2's, which tiktoken downloads once.

Both are byte-level BPE with GPT-2's way of cutting text into words, and both have one special token, `<|endoftext|>`.
"""

import os

import tiktoken
from tiktoken.load import load_tiktoken_bpe

from grader.data.bounded import call_within
from grader.data.encoding import END_OF_TEXT
from grader.data.errors import DataError, summary
from grader.data.packaged import VOCABULARY

TOKENIZERS = ("packaged", "gpt2")
CACHE_VARIABLE = "TIKTOKEN_CACHE_DIR"
DOWNLOAD_SECONDS = 20.0  # two files of 1.5 MB together; without a network the download mostly fails at once

# Contractions; then letters, digits or other signs, each with one space before them at most; then spaces, of which the
# last is left to the word that follows.
SPLIT_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def load_tokenizer(name: str) -> tiktoken.Encoding:
    """The vocabulary of that name, "packaged" (2,048 tokens) or "gpt2" (50,257 tokens)."""
    if name == "packaged":
        return packaged_encoding(_packaged_ranks())
    if name == "gpt2":
        return _gpt2()
    raise DataError(f'unknown tokenizer "{name}": use one of {", ".join(TOKENIZERS)}')


def _packaged_ranks() -> dict[bytes, int]:
    """Read the packaged vocabulary. tiktoken would keep a copy of it in the system's temporary folder for ever."""
    before = os.environ.get(CACHE_VARIABLE)
    os.environ[CACHE_VARIABLE] = ""  # keep none
    try:
        return load_tiktoken_bpe(str(VOCABULARY))
    finally:
        del os.environ[CACHE_VARIABLE]
        if before is not None:
            os.environ[CACHE_VARIABLE] = before


def packaged_encoding(ranks: dict[bytes, int]) -> tiktoken.Encoding:
    """An encoding with these tokens and, after the last of them, the end-of-text token."""
    return tiktoken.Encoding(
        "packaged",
        pat_str=SPLIT_PATTERN,
        mergeable_ranks=ranks,
        special_tokens={END_OF_TEXT: len(ranks)},
        explicit_n_vocab=len(ranks) + 1,
    )


def _gpt2() -> tiktoken.Encoding:
    """tiktoken's own GPT-2 encoding. tiktoken sets its download no time limit, so this function does."""
    try:
        return call_within(DOWNLOAD_SECONDS, lambda: tiktoken.get_encoding("gpt2"))
    except Exception as error:  # whatever tiktoken and its HTTP client raise, the mend is the same
        raise DataError(
            "the GPT-2 vocabulary is not on this computer and cannot be downloaded: connect to the network once, set "
            "TIKTOKEN_CACHE_DIR to a folder that has it, or use --tokenizer packaged, which needs no network "
            f"({summary(error, characters=80)})"
        ) from error
