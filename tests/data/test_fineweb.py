"""FineWeb is asked for exactly as the lesson says; without a network it fails within seconds, in one line."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest

from grader.data import DataError, fineweb, read_documents

CLOSED_PORT = "http://127.0.0.1:9"
PROGRAM = """
from grader.data import DataError, read_documents
try:
    next(read_documents("fineweb", limit=3))
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize(
    "network",
    [
        {"HF_ENDPOINT": CLOSED_PORT},
        {"HF_HUB_OFFLINE": "1"},
        {"HTTPS_PROXY": CLOSED_PORT, "https_proxy": CLOSED_PORT, "NO_PROXY": "", "no_proxy": ""},
    ],
    ids=["closed port", "offline mode", "dead proxy"],
)
def test_without_a_network_it_fails_within_seconds_in_one_line_and_leaves_nothing(
    run_python: Callable[..., Any], tmp_path: Path, cache: Path, network: dict[str, str]
) -> None:
    begun = time.monotonic()
    done = run_python(PROGRAM, HOME=str(tmp_path), HF_HOME=str(tmp_path / "hf"), **network)
    assert time.monotonic() - begun < 15
    assert done.stdout.startswith("FineWeb cannot be reached")
    assert "--data sample" in done.stdout
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert [*tmp_path.rglob("*"), *cache.rglob("*")] == []


def test_a_hub_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fineweb, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(fineweb, "_ask_hub", lambda: time.sleep(30))
    with pytest.raises(DataError, match="cannot be reached"):
        next(read_documents("fineweb"))


def test_the_stream_is_the_one_of_the_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def load_dataset(*arguments: Any, **options: Any) -> Iterator[dict[str, str]]:
        asked.append((arguments, options))
        return ({"text": f"document {number}"} for number in range(10))

    monkeypatch.setattr(fineweb, "_ask_hub", lambda: None)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    assert list(read_documents("fineweb", limit=2)) == ["document 0", "document 1"]
    assert asked == [(("HuggingFaceFW/fineweb",), {"name": "sample-10BT", "split": "train", "streaming": True})]


def test_a_stream_that_breaks_off_says_after_how_many_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_dataset(*_: Any, **__: Any) -> Iterator[dict[str, str]]:
        yield {"text": "the only one"}
        raise ConnectionError("reset by peer")

    monkeypatch.setattr(fineweb, "_ask_hub", lambda: None)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(DataError, match=r"broke off \(documents read: 1; .*reset by peer.*--data sample"):
        list(read_documents("fineweb"))


def test_progress_knows_how_many_documents_there_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, int | None]] = []
    monkeypatch.setattr(fineweb, "_ask_hub", lambda: None)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: ({"text": "one"} for _ in range(5)))
    list(read_documents("fineweb", limit=2, on_progress=lambda read, total: calls.append((read, total))))
    assert calls == [(1, 2), (2, 2)]
