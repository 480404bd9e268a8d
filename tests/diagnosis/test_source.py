"""A learner's file is read as text only where that can be done quickly."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from grader.diagnosis.own_imports import MAX_FILES, own_imports
from grader.source import MAX_BYTES, parsed


def test_what_python_cannot_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def f(:")
    (tmp_path / "null.py").write_bytes(b"\0")
    (tmp_path / "other.py").write_bytes(b"\xff\xfe")
    (tmp_path / "deep.py").write_text("(" * 100_000)
    names = ("broken.py", "null.py", "other.py", "deep.py", "missing.py")
    assert [parsed(tmp_path / name) for name in names] == [None] * len(names)


def test_nothing_is_said_of_a_backslash_in_a_docstring(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text('"""The loss \\ell."""\n', encoding="utf-8")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert parsed(tmp_path / "code.py") is not None
    assert said == []


def test_a_pipe_is_not_waited_for_and_a_huge_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with (tmp_path / "huge.py").open("wb") as file:
        file.truncate(100 * MAX_BYTES)
    (tmp_path / "code.py").write_text("import huge, pipe, other")
    (tmp_path / "other.py").write_text("import code")
    assert parsed(tmp_path / "pipe.py") is parsed(tmp_path / "huge.py") is None
    assert own_imports(tmp_path, "code") == {"huge", "other"}


def test_a_long_chain_of_imports_is_not_followed_to_its_end(tmp_path: Path) -> None:
    for number in range(3 * MAX_FILES):
        (tmp_path / f"helper{number}.py").write_text(f"import helper{number + 1}")
    assert own_imports(tmp_path, "helper0") == {f"helper{number}" for number in range(1, MAX_FILES + 1)}
