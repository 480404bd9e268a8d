"""The scratch folder is removed whatever is in it, and nobody has to wait for it who does not want to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.child import scratch
from grader.child.scratch import empty_folder, remove_folder
from tests.child.observing import wait_until
from tests.command.conftest import ROOT

FILES = 100_000  # a second, or nearly, to remove


def many_files(folder: Path, number: int) -> None:
    folder.mkdir()
    for file in range(number):
        os.close(os.open(folder / str(file), os.O_CREAT))


def test_a_folder_that_is_read_in_several_goes_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "AT_ONCE", 7)
    many_files(tmp_path / "all", 30)
    for number in range(30):
        many_files(tmp_path / "all" / f"{number}.emptied", number)
    assert remove_folder(tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_what_cannot_be_removed_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*paths: object, **options: object) -> None:
        raise PermissionError

    many_files(tmp_path / "all", 20)
    (tmp_path / "all" / "inner").mkdir()
    for name in ("unlink", "rmdir", "rename"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(scratch, "AT_ONCE", 7)
    assert remove_folder(tmp_path / "all")
    monkeypatch.undo()
    assert len(list((tmp_path / "all").iterdir())) == 21


def test_there_is_an_end_to_it_when_time_is_up_and_another_go_does_the_rest(tmp_path: Path) -> None:
    many_files(tmp_path / "all", 2000)
    assert not remove_folder(tmp_path / "all", seconds=0.0)
    assert (tmp_path / "all").exists()
    assert remove_folder(tmp_path / "all")
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("kind", ["a link", "a file", "nothing"])
def test_what_has_become_no_folder_is_one_again(kind: str, tmp_path: Path) -> None:
    place, kept = tmp_path / "place", tmp_path / "kept"
    many_files(kept, 3)
    if kind == "a link":
        place.symlink_to(kept)
    elif kind == "a file":
        place.touch()
    empty_folder(place)
    assert place.is_dir()
    assert not place.is_symlink()
    assert len(list(kept.iterdir())) == 3


CLOSES = """
import sys
from pathlib import Path
from grader.submission import process as process_module
from grader.submission.process import ChildProcess
from tests.child.conftest import LIMITS

process_module.REMOVING_SECONDS = 0.1
process = ChildProcess(Path(sys.argv[1]), LIMITS)
process.scratch.rmdir()
Path(sys.argv[2]).rename(process.scratch)
print(process.scratch, flush=True)
process.close()
"""


@pytest.mark.parametrize("pressed", [True, False], ids=["with Ctrl-C", "without"])
def test_ctrl_c_ends_the_waiting_for_a_long_removal_which_goes_on(pressed: bool, tmp_path: Path) -> None:
    many_files(tmp_path / "full", FILES)
    command = [sys.executable, "-c", CLOSES, str(tmp_path), str(tmp_path / "full")]
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=nothing) as closing:
        assert closing.stdout is not None
        place = Path(closing.stdout.readline().decode().strip())
        started = time.monotonic()
        if pressed:
            time.sleep(0.2)  # to be in the midst of it
            closing.send_signal(signal.SIGINT)
        closing.wait()
    assert not pressed or time.monotonic() - started < 2.0  # half of it on an idle machine
    assert wait_until(lambda: not place.exists(), 60.0 if pressed else 0.0)
