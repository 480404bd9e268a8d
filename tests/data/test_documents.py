"""Documents come from JSON Lines, Parquet and plain text, compressed or not; whatever is wrong is one line."""

import gzip
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fsspec.compression
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.data import read_documents

TEXTS = ["The first.\nTwo lines.", "2009-01-01", 'Wörter, "quoted"', "🜚 alchemy"]
LINES = "".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(TEXTS))

Message = Callable[..., str]


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_text(LINES, encoding="utf-8")
    return path


def parquet(path: Path, **columns: Sequence[object]) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_json_lines_give_their_texts(jsonl: Path) -> None:
    assert list(read_documents(str(jsonl))) == TEXTS


def test_parquet_gives_its_texts(tmp_path: Path) -> None:
    path = parquet(tmp_path / "documents.parquet", id=[1, 2, 3, 4], text=TEXTS)
    assert list(read_documents(str(path))) == TEXTS


def test_a_plain_text_file_is_one_document(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("One.\n\nTwo.\n", encoding="utf-8")
    assert list(read_documents(str(tmp_path / "book.txt"))) == ["One.\n\nTwo.\n"]


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl.gz").write_bytes(gzip.compress(LINES.encode()))
    assert list(read_documents(str(tmp_path / "documents.jsonl.gz"))) == TEXTS


def test_a_gzipped_plain_text_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "book.txt.gz").write_bytes(gzip.compress(b"One.\n"))
    assert list(read_documents(str(tmp_path / "book.txt.gz"))) == ["One.\n"]


def test_zstandard_is_unpacked(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard", reason="the optional package zstandard is not installed")
    (tmp_path / "documents.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(LINES.encode()))
    assert list(read_documents(str(tmp_path / "documents.jsonl.zst"))) == TEXTS


def test_zstandard_without_its_package_says_what_to_install(
    tmp_path: Path, message_of: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(fsspec.compression.compr, "zstd")  # as where the package is not installed
    (tmp_path / "documents.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    assert "pip install zstandard" in message_of(tmp_path / "documents.jsonl.zst")


@pytest.mark.parametrize("name", ["a [1].jsonl", "what?.jsonl", "*.jsonl", "a#b.jsonl", "ünï.jsonl", "UPPER.JSONL"])
def test_any_file_name_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(LINES, encoding="utf-8")
    assert list(read_documents(str(tmp_path / name))) == TEXTS


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_text(LINES, encoding="utf-8-sig")
    assert list(read_documents(str(tmp_path / "documents.jsonl"))) == TEXTS


def test_blank_lines_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "documents.jsonl").write_bytes(LINES.replace("\n", "\r\n\r\n").encode())
    assert list(read_documents(str(tmp_path / "documents.jsonl"))) == TEXTS


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=5))
def test_any_text_survives_json_lines(tmp_path: Path, texts: list[str]) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    assert list(read_documents(str(path))) == texts


def test_the_limit_counts_documents(jsonl: Path) -> None:
    assert list(read_documents(str(jsonl), limit=2)) == TEXTS[:2]


def test_empty_documents_are_left_out_and_not_counted(tmp_path: Path) -> None:
    path = parquet(tmp_path / "documents.parquet", text=["", "one", "  \n", "two", "three"])
    assert list(read_documents(str(path), limit=2)) == ["one", "two"]


def test_progress_counts_the_documents(jsonl: Path) -> None:
    calls: list[tuple[int, int | None]] = []
    list(read_documents(str(jsonl), on_progress=lambda read, total: calls.append((read, total))))
    assert calls == [(1, None), (2, None), (3, None), (4, None)]


def test_a_missing_file_is_named(tmp_path: Path, message_of: Message) -> None:
    assert f"there is no file {tmp_path / 'no.jsonl'}" in message_of(tmp_path / "no.jsonl")


def test_a_name_that_is_too_long_is_said_to_be(tmp_path: Path, message_of: Message) -> None:
    message = message_of(tmp_path / f"{'x' * 300}.jsonl")
    assert "xxx.jsonl cannot be looked up (File name too long): check the path" in message


def test_a_pipe_or_a_device_is_told_to_be_one(tmp_path: Path, message_of: Message) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path in (tmp_path / "pipe.jsonl", Path(os.devnull)):
        assert f"{path} is a pipe or a device: save the texts in a file first" in message_of(path)


def test_a_file_that_may_not_be_read_says_whom_to_ask(
    jsonl: Path, message_of: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: path != jsonl)  # root may read every file
    assert f"{jsonl} may not be read by you: ask its owner" in message_of(jsonl)


def test_a_folder_is_refused(tmp_path: Path, message_of: Message) -> None:
    assert f"{tmp_path} is a folder" in message_of(tmp_path)


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.parquet", "empty.txt"])
def test_an_empty_file_is_refused(tmp_path: Path, message_of: Message, name: str) -> None:
    (tmp_path / name).touch()
    assert "is empty" in message_of(tmp_path / name)


@pytest.mark.parametrize("name", ["data.csv", "data", "data.gz", "data.parquet.gz", ".jsonl"])
def test_an_unknown_extension_is_answered_with_the_known_ones(tmp_path: Path, message_of: Message, name: str) -> None:
    (tmp_path / name).write_text("a,b")
    assert ".jsonl" in message_of(tmp_path / name)


def test_malformed_json_is_named_by_its_line(jsonl: Path, message_of: Message) -> None:
    jsonl.write_text(LINES + '{"text": "no end\n', encoding="utf-8")
    assert f"{jsonl}, line 5: not valid JSON" in message_of(jsonl)


def test_a_line_that_is_no_object_is_named(jsonl: Path, message_of: Message) -> None:
    jsonl.write_text('{"text": "a"}\n["b"]\n', encoding="utf-8")
    assert "line 2: holds a JSON list, not an object" in message_of(jsonl)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"text": ' + "1" * 5_000 + "}"], ids=["deep", "digits"])
def test_json_that_python_cannot_read_is_named_by_its_line(jsonl: Path, message_of: Message, line: str) -> None:
    jsonl.write_text(line, encoding="utf-8")
    assert "line 1" in message_of(jsonl)


def test_json_without_a_text_says_which_columns_are_there(jsonl: Path, message_of: Message) -> None:
    jsonl.write_text('{"id": 1, "body": "a"}\n', encoding="utf-8")
    assert "no `text` column (there are: id, body)" in message_of(jsonl)


def test_parquet_without_a_text_says_which_columns_are_there(tmp_path: Path, message_of: Message) -> None:
    path = parquet(tmp_path / "documents.parquet", id=[1], body=["a"])
    assert "no `text` column (there are: id, body)" in message_of(path)


@pytest.mark.parametrize(("value", "kind"), [("7", "int"), ("null", "NoneType"), ('["a"]', "list")])
def test_json_with_a_text_that_is_no_string_is_named_by_its_line(
    jsonl: Path, message_of: Message, value: str, kind: str
) -> None:
    jsonl.write_text(f'{{"text": "a"}}\n{{"text": {value}}}\n', encoding="utf-8")
    assert f"line 2: `text` holds {kind}, not a string" in message_of(jsonl)


def test_parquet_with_a_text_that_is_no_string_is_named_by_its_row(tmp_path: Path, message_of: Message) -> None:
    path = parquet(tmp_path / "documents.parquet", text=["a", None])
    assert "row 2: `text` holds NoneType, not a string" in message_of(path)


def test_a_file_of_empty_documents_is_refused(jsonl: Path, message_of: Message) -> None:
    jsonl.write_text('{"text": ""}\n{"text": "  "}\n', encoding="utf-8")
    assert "only empty documents" in message_of(jsonl)


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path, message_of: Message) -> None:
    path = tmp_path / "documents.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": pyarrow.array([], pyarrow.string())}), path)
    assert "holds no text" in message_of(path)


@pytest.mark.parametrize("name", ["latin.jsonl", "latin.txt"])
def test_another_encoding_than_utf8_is_refused(tmp_path: Path, message_of: Message, name: str) -> None:
    (tmp_path / name).write_bytes('{"text": "café"}\n'.encode("latin-1"))
    assert "is not UTF-8 text" in message_of(tmp_path / name)


@pytest.mark.parametrize("name", ["documents.jsonl.gz", "documents.parquet"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, message_of: Message, name: str) -> None:
    (tmp_path / name).write_text("neither gzip nor Parquet")
    assert "cannot be read" in message_of(tmp_path / name)


def test_a_truncated_gzip_file_is_refused(tmp_path: Path, message_of: Message) -> None:
    (tmp_path / "documents.jsonl.gz").write_bytes(gzip.compress(LINES.encode())[:40])
    assert "check that the file is whole" in message_of(tmp_path / "documents.jsonl.gz")


def test_a_limit_below_one_is_refused(jsonl: Path, message_of: Message) -> None:
    assert "ask for 1 or more" in message_of(jsonl, limit=0)


def test_reading_prints_nothing_and_leaves_nothing_behind(
    run_python: Callable[..., Any], jsonl: Path, tmp_path: Path
) -> None:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    program = f"from grader.data import read_documents; assert len(list(read_documents({str(jsonl)!r}))) == 4"
    done = run_python(program, HOME=str(home), HF_HOME=str(home / "hf"), TMPDIR=str(scratch))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [*home.rglob("*"), *scratch.rglob("*")] == []
