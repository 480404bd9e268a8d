"""What lies in the scratch folder is added up, however the folder is made, and the look at it has an end."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.challenge import Limits
from grader.child.scratch import remove_folder
from grader.submission import written
from grader.submission.written import too_much_written
from tests.child.conftest import LIMITS, Learner
from tests.child.observing import call, end_of, still_works

MEGABYTE = 1024**2
SMALL = replace(LIMITS, scratch_bytes=2 * MEGABYTE, scratch_files=100)
MANY, LARGE = "100 files", "2 MB of files"


def fill(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def test_an_empty_folder_and_one_that_is_not_there_hold_nothing(tmp_path: Path) -> None:
    assert too_much_written(SMALL, [tmp_path, tmp_path / "gone"]) == ""


def test_the_bytes_of_all_files_below_are_added_up(tmp_path: Path) -> None:
    fill(tmp_path / "one", MEGABYTE)
    assert too_much_written(SMALL, [tmp_path]) == ""
    fill(tmp_path / "a" / "b" / "two", MEGABYTE)
    assert too_much_written(SMALL, [tmp_path]) == LARGE


def test_folders_are_added_up(tmp_path: Path) -> None:
    for name in ("one", "two"):
        fill(tmp_path / name / "file", MEGABYTE + 1)
    assert too_much_written(SMALL, [tmp_path / "one", tmp_path / "two"]) == LARGE


def test_what_a_file_does_not_take_on_disk_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 10**12)
    assert too_much_written(SMALL, [tmp_path]) == ""


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere"), os.mkfifo])
def test_entries_of_every_kind_are_counted(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for number in range(100):
        make(tmp_path / str(number))
    assert too_much_written(SMALL, [tmp_path]) == ""
    make(tmp_path / "one more")
    assert too_much_written(SMALL, [tmp_path]) == MANY


def test_no_link_is_followed(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere" / "large", 3 * MEGABYTE)
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "also").symlink_to(tmp_path / "elsewhere")
    assert too_much_written(SMALL, [tmp_path / "scratch", tmp_path / "also"]) == ""


def nest(place: Path, levels: int, *, beside: bool = False) -> None:
    """Make folders in one another, each with an empty one beside it if it is wanted, and a large file in the last."""
    inside = os.open(place, os.O_RDONLY)
    for level in range(levels):
        name = f"{level:0200}"
        os.mkdir(name, dir_fd=inside)
        if beside:
            os.mkdir("beside", dir_fd=inside)
        deeper = os.open(name, os.O_RDONLY, dir_fd=inside)
        os.close(inside)
        inside = deeper
    file = os.open("large", os.O_WRONLY | os.O_CREAT, dir_fd=inside)
    os.write(file, os.urandom(3 * MEGABYTE))
    os.close(file)
    os.close(inside)


def test_nothing_is_too_deep_to_be_found(tmp_path: Path) -> None:
    place = tmp_path / "deep"
    place.mkdir()
    nest(place, 3000)
    assert too_much_written(replace(SMALL, scratch_files=5000, scratch_bytes=20 * MEGABYTE), [place]) == ""
    assert too_much_written(replace(SMALL, scratch_files=5000), [place]) == LARGE
    assert remove_folder(place)


def test_folders_that_use_up_the_descriptors_are_too_many(tmp_path: Path) -> None:
    import resource

    nest(tmp_path, 600, beside=True)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 100, before[1]))
    try:
        found = too_much_written(replace(SMALL, scratch_files=5000, scratch_bytes=20 * MEGABYTE), [tmp_path])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert found == "5,000 files"


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    nest(tmp_path, 40, beside=True)
    before = os.listdir("/proc/self/fd")
    assert too_much_written(SMALL, [tmp_path]) == LARGE
    assert os.listdir("/proc/self/fd") == before


def test_files_that_have_been_removed_and_are_open_count(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb") as file:
        file.write(os.urandom(3 * MEGABYTE))
        file.flush()
        os.unlink(tmp_path / "file")
        assert too_much_written(SMALL, [tmp_path]) == ""
        assert too_much_written(SMALL, [tmp_path], [os.getpid()]) == LARGE


def test_a_look_ends_soon_however_much_there_is(tmp_path: Path) -> None:
    for number in range(30_000):
        os.close(os.open(tmp_path / str(number), os.O_CREAT))
    started = time.monotonic()
    assert too_much_written(Limits(), [tmp_path]) == "5,000 files"
    assert time.monotonic() - started < 0.5


def test_a_look_for_which_there_is_no_time_accuses_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "SCAN_SECONDS", 0.0)
    (tmp_path / "file").touch()
    assert too_much_written(replace(SMALL, scratch_files=1), [tmp_path]) == ""


WRITES = """
import os, tempfile, time
def fine(): return "fine"
def large():
    for number in range(30):
        with open(os.path.join(os.environ["HOME"], str(number)), "wb") as file:
            file.write(bytes(3 * 1024**2))
            os.fsync(file.fileno())
    time.sleep(60)
def many():
    for number in range(200):
        open(os.path.join(os.environ["HOME"], str(number)), "w").close()
    time.sleep(60)
def nameless():
    kept = [tempfile.TemporaryFile() for _ in range(100)]
    for file in kept:
        file.write(bytes(1024**2))
        file.flush()
    time.sleep(60)
def left(): return len(os.listdir(os.environ["HOME"]))
def leave():
    open(os.path.join(os.environ["HOME"], "left"), "w").close()
    return left()
"""
WITHOUT_ROOM = "OSError: [Errno 28] No space left on device"  # what is in memory has a bound of its own
PASSED = {"many": "The code wrote more than 100 files, and was stopped. Write none."}
PASSED["large"] = PASSED["nameless"] = "The code wrote more than 2 MB of files, and was stopped. Write none."


@pytest.mark.parametrize("name", PASSED)
def test_what_passes_a_bound_is_ended_and_the_folder_is_emptied(name: str, learner: Learner) -> None:
    submission = learner(WRITES, scratch_bytes=2 * MEGABYTE, scratch_files=100)
    expected = {PASSED[name], WITHOUT_ROOM} if submission.process.isolation.program else {PASSED[name]}
    assert end_of(submission, name).message in expected
    submission.discard_worker()  # as after every check that did not pass
    assert still_works(submission)
    assert call(submission, "left") == 0


def test_no_worker_finds_what_another_one_has_left(learner: Learner) -> None:
    submission = learner(WRITES)
    assert call(submission, "leave") == 1
    submission.discard_worker()
    assert call(submission, "left") == 0
