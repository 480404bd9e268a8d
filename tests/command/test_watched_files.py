"""Which steps a save concerns, and what counts as a save."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.challenge import Challenge
from grader.watch.affected import affected_steps
from grader.watch.events import Events, _look
from tests.command.conftest import ROOT, STEPS

SOLUTION = ROOT / "solutions" / "challenge5"

any_bytes = pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no file names that are not in UTF-8")


@pytest.mark.parametrize("step", STEPS)
def test_a_saved_step_is_graded_with_those_that_need_it(step: str, challenge: Challenge) -> None:
    assert affected_steps(challenge, SOLUTION, [f"{step}.py"]) == {step, "training"}


@pytest.mark.parametrize("name", ["model5.py", "helper.py", "package/part.py"])
def test_a_file_that_is_no_step_concerns_every_step(name: str, challenge: Challenge) -> None:
    assert affected_steps(challenge, SOLUTION, [name]) == set(STEPS)


def test_a_step_that_imports_another_is_graded_with_it(challenge: Challenge, tmp_path: Path) -> None:
    for name in STEPS:
        (tmp_path / f"{name}.py").touch()
    (tmp_path / "final_token_loss.py").write_text("from log_softmax import log_softmax\n", encoding="utf-8")
    found = affected_steps(challenge, tmp_path, ["log_softmax.py"])
    assert found == {"log_softmax", "final_token_loss", "training"}


def test_a_step_that_is_gone_concerns_every_step(challenge: Challenge, tmp_path: Path) -> None:
    assert affected_steps(challenge, tmp_path, ["devices.py"]) == set(STEPS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mean.py").write_text("one", encoding="utf-8")
    return tmp_path


def saved_by(folder: Path, name: str, text: str) -> set[str]:
    with Events(folder) as events:
        (folder / name).write_text(text, encoding="utf-8")
        return events.wait()[0]


def test_a_write_is_a_save(folder: Path) -> None:
    assert saved_by(folder, "mean.py", "two") == {"mean.py"}


def test_a_write_of_the_same_length_is_a_save(folder: Path) -> None:
    before = (folder / "mean.py").stat()
    with Events(folder) as events:
        (folder / "mean.py").write_text("two", encoding="utf-8")
        os.utime(folder / "mean.py", ns=(before.st_atime_ns, before.st_mtime_ns))
        assert events.wait()[0] == {"mean.py"}


def test_a_removal_is_a_save(folder: Path) -> None:
    with Events(folder) as events:
        (folder / "mean.py").unlink()
        assert events.wait()[0] == {"mean.py"}


def test_what_is_no_python_file_is_not_looked_at(folder: Path) -> None:
    with Events(folder) as events:
        (folder / "mean.py.swp").write_text("an editor's own", encoding="utf-8")
        (folder / "helper.py").write_text("", encoding="utf-8")
        assert events.wait()[0] == {"helper.py"}


@any_bytes
def test_a_file_name_that_is_not_in_utf_8_makes_nobody_deaf(folder: Path) -> None:
    with Events(folder) as events:
        for number in range(3):
            Path(os.fsdecode(os.fsencode(folder) + b"/L\xf6sung.pdf")).write_text(str(number), encoding="utf-8")
            (folder / "mean.py").write_text(f"after {number}", encoding="utf-8")
            assert events.wait()[0] == {"mean.py"}
        assert events.listener.is_alive()


@any_bytes
def test_a_python_file_whose_name_is_not_in_utf_8_is_saved_like_any_other(folder: Path) -> None:
    name = os.fsdecode(b"l\xf6sung.py")
    assert saved_by(folder, name, "x = 1") == {name}


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError])
def test_a_folder_that_cannot_be_listed_hides_no_other_file(
    error: type[OSError], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gone", "package"):
        (folder / name).mkdir()
        (folder / name / "part.py").touch()
    scandir = os.scandir

    def without_one(path: os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
        if Path(path).name == "gone":
            raise error
        return scandir(path)

    monkeypatch.setattr("os.scandir", without_one)
    assert set(_look(folder)) == {"mean.py", "package/part.py"}


def test_a_folder_that_is_gone_has_no_files(tmp_path: Path) -> None:
    assert _look(tmp_path / "gone") == {}


def test_a_save_is_urgent_and_a_wish_for_a_hint_is_not(folder: Path) -> None:
    events = Events(folder)
    events.press("h")
    assert not events.is_urgent()
    events.press("q")
    assert events.is_urgent()


def test_a_signal_that_another_thread_was_given_ends_the_waiting(tmp_path: Path) -> None:
    """The system may choose any thread for it, and Python wakes the main thread for none but its own."""
    events = Events(tmp_path)
    asleep = threading.Event()

    def signal_oneself() -> None:
        asleep.wait(0.3)  # until the main thread waits
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        asleep.wait(5)
        events.press("too late")

    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    other = threading.Thread(target=signal_oneself, daemon=True)
    try:
        other.start()
        with pytest.raises(KeyboardInterrupt):
            events.wait()
        assert not events.keys
    finally:
        asleep.set()
        other.join()
        signal.signal(signal.SIGUSR1, before)
