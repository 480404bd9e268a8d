"""`grade data` shows, fetches and removes what is cached, and touches nothing else."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from rich.console import Console

from grader.data import cache as cache_module
from grader.data import load_tokens, pull
from grader.data import tokens as tokens_module
from grader.data_command import run_data
from grader.errors import UsageError

Grade = Callable[..., str]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(json.dumps({"text": f"fish number {n}"}) + "\n" for n in range(12)), encoding="utf-8")
    return path


@pytest.fixture
def grade_data() -> Grade:
    """Runs `grade data` and gives what it prints, as into a pipe or (`terminal`) on a screen of 80 columns."""

    def run(*arguments: str, terminal: bool = False) -> str:
        output = io.StringIO()
        environment = {"TERM": "xterm", "COLUMNS": "80"}
        run_data(
            list(arguments),
            console=Console(file=output, force_terminal=terminal, width=80, _environ=environment),
        )
        return output.getvalue()

    return run


def words(line: str) -> list[str]:
    return line.split()


def test_an_empty_cache_is_said_to_be_empty(grade_data: Grade, cache: Path) -> None:
    assert f"Nothing is cached in {cache}" in grade_data()
    assert list(cache.iterdir()) == []


def test_a_folder_that_is_not_there_is_empty_and_is_not_made(
    grade_data: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINE_DROPOUT_CACHE", str(tmp_path / "absent"))
    assert "Nothing is cached" in grade_data()
    assert "Nothing to remove" in grade_data("clear")
    assert not (tmp_path / "absent").exists()


def test_each_array_has_a_line_with_its_figures(
    grade_data: Grade, source: Path, packaged: tiktoken.Encoding, cache: Path
) -> None:
    sample = load_tokens("sample", packaged)
    load_tokens(str(source), packaged)
    heading, first, second, _, total = grade_data().splitlines()
    assert words(heading) == ["source", "documents", "tokens", "distinct", "vocabulary", "on", "disk"]
    assert words(first)[:2] == [str(source), "12"]
    figures = [f"{figure:,}" for figure in (sample.documents, len(sample.tokens), sample.distinct)]
    size = (cache_module.HEADER_BYTES + sample.tokens.nbytes) / 1000
    assert words(second) == ["sample", *figures, "packaged", f"{size:.1f}", "kB"]
    assert total.startswith("2 token arrays, ")
    assert total.endswith(str(cache))


def test_show_is_the_default(grade_data: Grade, source: Path, packaged: tiktoken.Encoding) -> None:
    load_tokens(str(source), packaged)
    assert grade_data("show") == grade_data()


def test_a_line_fits_the_terminal_and_shows_the_end_of_a_long_path(
    grade_data: Grade, tmp_path: Path, packaged: tiktoken.Encoding
) -> None:
    path = tmp_path / ("a" * 100 + ".txt")
    path.write_text("one fish", encoding="utf-8")
    load_tokens(str(path), packaged)
    lines = grade_data(terminal=True).splitlines()
    assert "aaaa.txt " in lines[1]
    assert max(map(len, lines[:2])) <= 80
    assert str(path) in grade_data()


def test_a_path_of_any_length_and_content_is_shown_without_its_control_characters(
    grade_data: Grade, tmp_path: Path, packaged: tiktoken.Encoding
) -> None:
    folder = tmp_path.joinpath(*["🜚" * 60] * 5)
    folder.mkdir(parents=True)
    path = folder / "red\x1b[31m[bold].txt"
    path.write_text("one fish", encoding="utf-8")
    load_tokens(str(path), packaged)
    shown = grade_data()
    assert "\x1b" not in shown
    assert r"red\x1b[31m[bold].txt" in shown


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 5000, b'{"format": "fine-dropout-tokens-1"}'.ljust(1024)])
def test_a_foreign_or_old_file_is_unknown_and_cleared(grade_data: Grade, cache: Path, content: bytes) -> None:
    path = cache / f"tokens-{'0' * 32}.bin"
    path.write_bytes(content)
    assert f"unknown ({path.name})" in grade_data()
    assert "Removed 1 token array" in grade_data("clear")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("change", [{"tokens": "7"}, {"source": 7}, {"tokens": -1}, {"dtype": "O"}, {"extra": 1}])
def test_a_header_that_lies_is_unknown(
    grade_data: Grade, source: Path, packaged: tiktoken.Encoding, cache: Path, change: dict[str, Any]
) -> None:
    load_tokens(str(source), packaged)
    (path,) = cache.iterdir()
    header, tokens = path.read_bytes()[: cache_module.HEADER_BYTES], path.read_bytes()[cache_module.HEADER_BYTES :]
    path.write_bytes(json.dumps(json.loads(header) | change).encode().ljust(cache_module.HEADER_BYTES) + tokens)
    assert "unknown" in grade_data()
    assert load_tokens(str(source), packaged).documents == 12


def test_clear_says_how_much_was_freed_and_leaves_the_rest(
    grade_data: Grade, source: Path, packaged: tiktoken.Encoding, cache: Path, tmp_path: Path
) -> None:
    load_tokens(str(source), packaged)
    (array,) = cache.iterdir()
    (cache / "unfinished-x1_y2z3w").write_bytes(b"1234")
    kept = ["my-notes.txt", "unfinished-story.txt", "tokens-of-love.bin", f"tokens-{'0' * 32}.bin.bak"]
    for name in kept:
        (cache / name).write_text("mine")
    (cache / "unfinished-folder").mkdir()
    (cache / f"tokens-{'1' * 32}.bin").symlink_to(tmp_path / "documents.jsonl")
    freed = f"{array.stat().st_size + 4:,} bytes" if array.stat().st_size < 1000 else "4."
    printed = grade_data("clear")
    assert "Removed 1 token array and 1 unfinished file: " in printed
    assert freed in printed
    assert {path.name for path in cache.iterdir()} == {*kept, "unfinished-folder", f"tokens-{'1' * 32}.bin"}
    assert source.exists()


def test_clearing_twice_has_nothing_to_remove(grade_data: Grade, source: Path, packaged: tiktoken.Encoding) -> None:
    load_tokens(str(source), packaged)
    grade_data("clear")
    assert "Nothing to remove" in grade_data("clear")


def test_a_file_that_cannot_be_removed_is_named_in_one_line(
    grade_data: Grade, source: Path, packaged: tiktoken.Encoding, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_tokens(str(source), packaged)

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UsageError, match=r"tokens-.* cannot be removed \(Permission denied\)"):
        grade_data("clear")


def test_what_another_process_writes_now_stays(grade_data: Grade, cache: Path) -> None:
    with (cache / "unfinished-abcdefgh").open("wb") as file:
        cache_module.lock(file)
        assert "is being written now" in grade_data()
        assert "stays" in grade_data("clear")
        assert (cache / "unfinished-abcdefgh").exists()
    assert "was left unfinished" in grade_data()
    assert "Removed 0 token arrays and 1 unfinished file: 0 bytes freed" in grade_data("clear")


def test_pull_prints_the_facts_of_the_lesson(
    grade_data: Grade, source: Path, packaged: tiktoken.Encoding, cache: Path
) -> None:
    printed = grade_data("pull", "--data", str(source))
    array = load_tokens(str(source), packaged)
    facts = [" ".join(words(line)) for line in printed.splitlines()]
    assert "documents 12" in facts
    assert f"tokens {len(array.tokens)}" in facts
    assert f"distinct tokens {array.distinct} of 2,048 in the vocabulary (packaged)" in facts


def test_a_second_pull_says_that_it_is_there_and_reads_nothing(
    grade_data: Grade, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = grade_data("pull", "--data", str(source))
    monkeypatch.setattr(tokens_module, "read_documents", lambda *_, **__: pytest.fail("the source was read again"))
    second = grade_data("pull", "--data", str(source))
    assert second.startswith("In the cache already")
    assert second.splitlines()[1:] == first.splitlines()[2:]


def test_what_was_pulled_is_what_load_tokens_finds(
    grade_data: Grade, packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_data("pull", "--data", "sample")
    monkeypatch.setattr(tokens_module, "read_documents", lambda *_, **__: pytest.fail("the source was read again"))
    assert load_tokens("sample", packaged).documents == 252


def test_the_number_of_documents_and_the_vocabulary_are_followed(
    grade_data: Grade, source: Path, gpt2: tiktoken.Encoding
) -> None:
    printed = grade_data("pull", "--data", str(source), "--docs", "3", "--tokenizer", gpt2.name)
    assert "of 50,257 in the vocabulary (gpt2)" in printed
    assert load_tokens(str(source), gpt2, documents=3).documents == 3


def test_a_pipe_gets_plain_lines_with_documents_and_tokens(
    grade_data: Grade, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "SECONDS_A_LINE", 0.0)
    printed = grade_data("pull", "--data", str(source))
    assert "Reading documents.jsonl, 1,000 documents at most ..." in printed
    assert "  12 documents read, 0 tokens encoded" in printed
    assert "\x1b" not in printed


def test_a_terminal_gets_a_bar_that_goes_away(grade_data: Grade, source: Path) -> None:
    printed = grade_data("pull", "--data", str(source), terminal=True)
    assert "12 documents" in printed
    assert "━" in printed
    assert "Reading" not in printed


def test_the_bar_shows_documents_and_tokens() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100, _environ={"TERM": "xterm"})
    with pull.watching(console, "fineweb", documents=1000) as watcher:
        watcher.documents_read(250, 1000)
        watcher.tokens_encoded(180_000)
    assert "fineweb" in output.getvalue()
    assert "250 documents, 180,000 tokens" in output.getvalue()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["push"], "invalid choice: 'push'"),
        (["pull", "--docs", "0"], "'0' is no whole number from 1 on. See: grade data pull --help"),
        (["pull", "--docs", "many"], "'many' is no whole number"),
        (["pull", "--docs", "9" * 5000], "is no whole number"),
        (["pull", "--tokenizer", "gpt5"], "invalid choice: 'gpt5'"),
        (["pull", "--data", "no-such-file.jsonl"], "there is no file no-such-file.jsonl"),
        (["clear", "everything"], "everything. See: grade data"),
        (["--all"], "--all"),
    ],
)
def test_wrong_usage_is_one_line(grade_data: Grade, cache: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        grade_data(*arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["pull", "--help"]])
def test_help_has_examples(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run_data(arguments)
    assert caught.value.code == 0
    assert "examples:\n  grade data" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["pull", "--data", "sample"], ["show"], ["clear"]])
def test_a_cache_folder_that_is_a_file_is_one_line(
    grade_data: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("FINE_DROPOUT_CACHE", str(tmp_path / "a file"))
    with pytest.raises(UsageError, match=r"a file cannot be used \(.*\): .*FINE_DROPOUT_CACHE"):
        grade_data(*arguments)


def test_help_and_wrong_usage_cost_neither_torch_nor_datasets(run_python: Callable[..., Any]) -> None:
    done = run_python(
        "import sys, grader.data_command as command\n"
        "command.run_data([])\n"
        "print({'torch', 'datasets', 'tiktoken'} & set(sys.modules) - {'tiktoken'})"
    )
    assert done.stdout.endswith("set()\n")


SLOW_PULL = """
import sys, time
from grader.data import tokens
from grader.data_command import run_data
read_documents = tokens.read_documents
def slow(*arguments, **options):
    for text in read_documents(*arguments, **options):
        time.sleep(0.5)
        yield text
tokens.read_documents = slow
run_data(["pull", "--data", sys.argv[1]])
"""


def test_ctrl_c_ends_a_pull_at_once_and_leaves_nothing(source: Path, cache: Path, grade_data: Grade) -> None:
    command = [sys.executable, "-c", SLOW_PULL, str(source)]
    project = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while not list(cache.glob("unfinished-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.7)  # into the reading
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert b"KeyboardInterrupt" in errors
    assert list(cache.iterdir()) == []
    assert "Read, encoded and kept" in grade_data("pull", "--data", str(source))


def test_a_pull_that_was_killed_leaves_only_what_clear_removes(source: Path, cache: Path, grade_data: Grade) -> None:
    command = [sys.executable, "-c", SLOW_PULL, str(source)]
    project = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not list(cache.glob("unfinished-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        assert "stays" in grade_data("clear")
        process.kill()
    assert "was left unfinished" in grade_data()
    grade_data("clear")
    assert list(cache.iterdir()) == []
