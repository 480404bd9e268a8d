"""What the tests of the data share: a cache folder of their own, the packaged vocabulary, a clean process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import tiktoken

from grader.data import DataError, load_tokenizer, read_documents

PROJECT = Path(__file__).resolve().parents[2]
GPT2_CACHE = PROJECT.parent / "shared" / "data" / "tiktoken-cache"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder for each test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("FINE_DROPOUT_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def packaged() -> tiktoken.Encoding:
    return load_tokenizer("packaged")


@pytest.fixture
def gpt2(monkeypatch: pytest.MonkeyPatch) -> tiktoken.Encoding:
    """GPT-2's vocabulary; the test is skipped where it is not on this computer."""
    if GPT2_CACHE.is_dir():
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(GPT2_CACHE))
    if "TIKTOKEN_CACHE_DIR" not in os.environ:
        pytest.skip("TIKTOKEN_CACHE_DIR is not set, so the GPT-2 vocabulary would have to be downloaded")
    return load_tokenizer("gpt2")


@pytest.fixture
def message_of() -> Callable[..., str]:
    """Reads a source that must fail and gives the one line that a learner would see."""

    def read(source: Path | str, *, limit: int | None = None) -> str:
        with pytest.raises(DataError) as caught:
            list(read_documents(str(source), limit=limit))
        message = str(caught.value)
        assert "\n" not in message
        return message

    return read


@pytest.fixture
def run_python() -> Callable[..., "subprocess.CompletedProcess[str]"]:
    """Runs a program in a fresh interpreter with some environment variables changed; 60 seconds at most."""

    def run(program: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONPATH": str(PROJECT)} | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
