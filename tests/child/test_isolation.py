"""The walls: what learner code cannot reach, under bubblewrap and in a plain process held by Landlock."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from grader.child.landlock import landlock_version
from grader.errors import UsageError
from grader.submission import isolation as isolation_module
from grader.submission.isolation import PROCESS, Isolation, choose_isolation
from grader.submission.process import ChildProcess
from grader.submission.visible import PACKAGE, visible_from
from tests.child.conftest import LIMITS, Learner, submit_folder
from tests.child.observing import call, still_works

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = [
    PACKAGE / "checks" / "challenge5" / "reference.py",
    PACKAGE / "checks" / "challenge5" / "challenge.toml",
    ROOT / "solutions" / "challenge5" / "attention.py",
    ROOT / "challenges" / "challenge5" / "README.md",
    ROOT / "pyproject.toml",
    Path("/etc/shadow"),
    Path("/etc/hostname"),
    Path(f"/proc/{os.getpid()}/cmdline"),
    Path(f"/proc/{os.getpid()}/environ"),
    Path(f"/proc/{os.getpid()}/mem"),
]
SHARED_MEMORY = Path("/dev/shm")
SOURCE = """
import os, signal, socket, sys

def fine(): return "fine"
def attempt(action, *arguments):
    try:
        return [str(eval(action)(*arguments))[:100]]
    except OSError as error:
        return type(error).__name__
def read(path):
    return open(path, "rb").read(10)
def write(path):
    open(path, "w").write("x")
    os.remove(path)
    return "written"
def run_own_program(folder):
    program = folder + "/program"
    with open(os.open(program, os.O_CREAT | os.O_WRONLY, 0o711), "wb") as file:
        file.write(open("/bin/true", "rb").read())
    return os.spawnv(os.P_WAIT, program, [program])
def connect(kind, port):
    plug = socket.socket(socket.AF_INET, getattr(socket, kind))
    plug.settimeout(2)
    plug.connect(("127.0.0.1", port))
    plug.send(b"hello")
    return "sent"
def connect_to(path):
    socket.socket(socket.AF_UNIX).connect(path)
    return "sent"
def signal_parent():
    os.kill(os.getppid(), signal.SIGCONT)
    return "sent"
def scratch():
    return os.environ["HOME"]
def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
"""


@pytest.fixture(autouse=True)
def _where_the_kernel_has_walls(isolation: Isolation) -> None:
    if not isolation.program and landlock_version() < 6:
        pytest.skip("a plain process is held by Landlock 6 or later, which this kernel lacks")


@pytest.mark.parametrize("path", HIDDEN, ids=lambda path: "/".join(path.parts[-2:]).replace(str(os.getpid()), "parent"))
def test_a_hidden_file_cannot_be_read(path: Path, learner: Learner) -> None:
    assert path.exists() or path.name == "shadow"
    found = call(learner(SOURCE), "attempt", "read", str(path))
    assert found in ("PermissionError", "FileNotFoundError")


@pytest.mark.parametrize("path", [os.__file__, sys.executable, "/etc/passwd", "/proc/self/status", "/dev/urandom"])
def test_what_python_needs_can_be_read(path: str, learner: Learner) -> None:
    assert isinstance(call(learner(SOURCE), "attempt", "read", path), list)


def test_the_own_folder_can_be_read_and_not_written(learner: Learner) -> None:
    submission = learner(SOURCE)
    own = submission.process.folder
    assert isinstance(call(submission, "attempt", "read", str(own / "code.py")), list)
    assert call(submission, "attempt", "write", str(own / "new.txt")) in ("PermissionError", "OSError")
    assert call(submission, "attempt", "write", str(own / "code.py")) in ("PermissionError", "OSError")
    assert sorted(os.listdir(own)) == ["code.py"]


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev", "/", str(ROOT), str(PACKAGE)])
def test_nothing_outside_of_the_scratch_folder_can_be_written(folder: str, learner: Learner) -> None:
    submission = learner(SOURCE)
    found = call(submission, "attempt", "write", f"{folder}/fine-dropout-test")
    assert found in ("PermissionError", "OSError", "FileNotFoundError")


def test_the_scratch_folder_can_be_written(learner: Learner) -> None:
    submission = learner(SOURCE)
    scratch = call(submission, "scratch")
    assert call(submission, "attempt", "write", f"{scratch}/file") == ["written"]


def test_a_program_that_learner_code_has_written_is_not_run(learner: Learner) -> None:
    """Nobody could list its open files if it kept others from reading it."""
    submission = learner(SOURCE)
    could_not_be_run = 127  # of os.spawnv
    assert call(submission, "attempt", "run_own_program", call(submission, "scratch")) == [str(could_not_be_run)]


def test_no_connection_over_tcp_is_made(learner: Learner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert call(learner(SOURCE), "attempt", "connect", "SOCK_STREAM", port) in (
            "PermissionError",
            "ConnectionRefusedError",
            "OSError",
        )


def test_no_datagram_is_sent(learner: Learner) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        call(learner(SOURCE), "attempt", "connect", "SOCK_DGRAM", receiver.getsockname()[1])
        with pytest.raises(TimeoutError):
            receiver.recv(10)


def test_no_program_on_this_machine_is_called_over_a_local_socket(learner: Learner) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/socket")
        server.listen()
        server.setblocking(False)
        found = call(learner(SOURCE), "attempt", "connect_to", f"{folder}/socket")
        assert found in ("PermissionError", "FileNotFoundError")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_nursery_gets_no_signals_from_learner_code(learner: Learner) -> None:
    assert call(learner(SOURCE), "attempt", "signal_parent") == "PermissionError"


def test_only_own_processes_are_seen_in_the_sandbox(learner: Learner, isolation: Isolation) -> None:
    if not isolation.program:
        pytest.skip("only a namespace of its own hides the numbers of other processes")
    assert max(call(learner(SOURCE), "processes")) < 1000
    assert os.getpid() not in call(learner(SOURCE), "processes")


def test_a_link_out_of_the_folder_is_no_file_of_the_submission(learner: Learner, tmp_path: Path) -> None:
    submission = learner(SOURCE)
    (tmp_path / "outside.py").write_text("def fine(): return 'fine'\n")
    (submission.process.folder / "linked.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(BaseException, match=r"linked\.py is a link to a place outside of the folder"):
        submission.function("linked", "fine")()


def test_a_link_inside_of_the_folder_is_followed(learner: Learner) -> None:
    submission = learner(SOURCE)
    (submission.process.folder / "linked.py").symlink_to("code.py")
    assert submission.function("linked", "fine")() == "fine"


def test_solutions_are_hidden_from_a_submission_that_encloses_them(tmp_path: Path, isolation: Isolation) -> None:
    for room in ("challenges", "solutions"):
        (tmp_path / room).mkdir()
    (tmp_path / "solutions" / "answer.py").write_text("answer = 42\n")
    (tmp_path / "code.py").write_text(SOURCE)
    process = ChildProcess(tmp_path, LIMITS, isolation)
    try:
        submission = submit_folder(process, tmp_path)
        assert call(submission, "attempt", "read", str(tmp_path / "solutions" / "answer.py")) in (
            "PermissionError",
            "FileNotFoundError",
        )
        assert still_works(submission)
    finally:
        process.close()


def test_a_solution_that_is_graded_is_visible_and_its_neighbours_are_not(tmp_path: Path, isolation: Isolation) -> None:
    for room in ("challenges", "solutions/one", "solutions/two"):
        (tmp_path / room).mkdir(parents=True)
    (tmp_path / "solutions" / "one" / "code.py").write_text(SOURCE)
    (tmp_path / "solutions" / "two" / "code.py").write_text(SOURCE)
    process = ChildProcess(tmp_path / "solutions" / "one", LIMITS, isolation)
    try:
        submission = submit_folder(process, tmp_path / "solutions" / "one")
        neighbour = str(tmp_path / "solutions" / "two" / "code.py")
        assert call(submission, "attempt", "read", neighbour) in ("PermissionError", "FileNotFoundError")
        assert still_works(submission)
    finally:
        process.close()


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="there is no /dev/shm")
def test_a_submission_in_shared_memory_is_graded_as_any_other(
    isolation: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as name:
        folder = Path(name)
        (folder / "code.py").write_text(SOURCE)
        monkeypatch.setattr(tempfile, "tempdir", name)  # as TMPDIR does
        process = ChildProcess(folder, LIMITS, isolation)
        try:
            submission = submit_folder(process, folder)
            assert still_works(submission)
            assert call(submission, "attempt", "write", f"{folder}/new.txt") in ("PermissionError", "OSError")
            assert call(submission, "attempt", "write", f"{process.scratch}/new.txt") == ["written"]
            if isolation.program:
                assert call(submission, "attempt", "write", f"{SHARED_MEMORY}/new.txt") == ["written"]
        finally:
            process.close()


@pytest.mark.parametrize("kind", ["a link", "a file", "a folder among a thousand files"])
def test_a_submission_that_looks_like_a_project_is_graded_all_the_same(
    kind: str, tmp_path: Path, isolation: Isolation
) -> None:
    (tmp_path / "challenges").mkdir()
    (tmp_path / "code.py").write_text(SOURCE)
    solutions = tmp_path / "solutions"
    if kind == "a link":
        solutions.symlink_to("/usr")
    elif kind == "a file":
        solutions.write_text("none")
    else:
        solutions.mkdir()
        for number in range(1200):
            (tmp_path / f"notes_of_the_course_on_chapter_number_{number}.txt").touch()
    process = ChildProcess(tmp_path, LIMITS, isolation)
    try:
        assert still_works(submit_folder(process, tmp_path))
    finally:
        process.close()


def test_no_visible_place_holds_the_project(tmp_path: Path) -> None:
    assert not any(ROOT.is_relative_to(place) for place in visible_from(tmp_path).read)


class TestChoosing:
    """`--isolation auto|bwrap|process`."""

    def test_process_is_a_plain_process(self) -> None:
        assert choose_isolation("process") == PROCESS

    def test_auto_says_why_it_is_not_bubblewrap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: None)
        assert choose_isolation("auto") == Isolation("process", "bubblewrap is not installed")

    def test_bwrap_refuses_where_it_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: None)
        with pytest.raises(UsageError, match=r"bubblewrap is not installed\. Install it"):
            choose_isolation("bwrap")

    def test_bwrap_refuses_where_it_may_not_work(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        broken = tmp_path / "bwrap"
        broken.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
        broken.chmod(0o755)
        monkeypatch.setattr(shutil, "which", lambda name: str(broken))
        with pytest.raises(UsageError, match=r"not allowed to work here \(setting up uid map: Permission denied\)"):
            choose_isolation("bwrap")

    def test_a_folder_of_temporary_files_that_is_read_only_inside_is_to_be_another_one(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        if not choose_isolation("auto").program:
            pytest.skip("bubblewrap does not work here")
        monkeypatch.setattr(sys, "prefix", str(tmp_path))  # Python's own folder, which the sandbox shows
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # as TMPDIR does
        reason = choose_isolation("auto").reason
        assert reason.endswith("Read-only file system); choose another TMPDIR")

    @pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="there is no /dev/shm")
    def test_bubblewrap_does_not_care_where_temporary_files_lie(self, monkeypatch: pytest.MonkeyPatch) -> None:
        elsewhere = choose_isolation("auto")
        monkeypatch.setattr(tempfile, "tempdir", str(SHARED_MEMORY))  # as TMPDIR does
        assert choose_isolation("auto") == elsewhere

    def test_bubblewrap_is_for_linux(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(isolation_module.sys, "platform", "darwin")
        assert choose_isolation("auto").reason == "bubblewrap is there for Linux only"
