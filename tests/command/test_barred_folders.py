"""Folders that the user may not enter are told from those that are not there, and are no fault of the grader.

Root enters every folder, and is therefore held to the modes like everybody else here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command.conftest import RUN_SECONDS, Run, copy_project, environment

MIGHT = "-dac_override,-dac_read_search"  # what lets root read everything: see capabilities(7)
HELD = ("setpriv", f"--bounding-set={MIGHT}", f"--inh-caps={MIGHT}") if os.geteuid() == 0 else ()
CHECKS = ("--only", "log_softmax", "--isolation", "process")

Ordinary = Callable[..., Run]

pytestmark = pytest.mark.skipif(bool(HELD) and shutil.which("setpriv") is None, reason="root may enter every folder")


@pytest.fixture
def ordinary(tmp_path: Path) -> Ordinary:
    """Runs the command as somebody whom the modes of files and folders hold."""

    def run(*arguments: str, cwd: Path, umask: int = -1) -> Run:
        done = subprocess.run(
            [*HELD, sys.executable, "-m", "grader", *arguments],
            cwd=cwd,
            env=environment(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
            umask=umask,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def bar() -> Iterator[Callable[[Path], None]]:
    """Takes every right to a folder away, and gives it back at the end, so that the folder can be removed."""
    barred: list[Path] = []

    def take_away(folder: Path) -> None:
        folder.chmod(0)
        barred.append(folder)

    yield take_away
    for folder in barred:
        folder.chmod(0o700)


Bar = Callable[[Path], None]


@pytest.fixture
def own_project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


@pytest.mark.parametrize(
    ("room", "command"),
    [
        ("solutions", "challenge5 --solution"),
        ("solutions", "verify challenge5"),
        ("solutions/challenge5", "verify challenge5"),
        ("challenges", "challenge5"),
        ("challenges", "watch challenge5"),
        ("challenges", "reset log_softmax"),
        ("challenges", "challenge5 challenges/challenge5"),
    ],
)
def test_a_barred_folder_is_named_with_the_mend(
    room: str, command: str, own_project: Path, ordinary: Ordinary, bar: Bar
) -> None:
    bar(own_project / room)
    done = ordinary(*command.split(), cwd=own_project)
    assert (done.status, done.output, done.errors.count("\n")) == (2, "", 1)
    assert f"{room.split('/')[0]}/challenge5 may not be read by you. Ask its owner for the right to" in done.errors


def test_data_in_a_barred_folder_are_refused_before_anything_is_graded(
    own_project: Path, tmp_path: Path, ordinary: Ordinary, bar: Bar
) -> None:
    (tmp_path / "data").mkdir()
    bar(tmp_path / "data")
    path = tmp_path / "data" / "texts.jsonl"
    done = ordinary("challenge5", "--data", str(path), "--isolation", "process", "--format", "json", cwd=own_project)
    assert (done.status, done.output, done.errors.count("\n")) == (2, "", 1)
    assert f"{path} cannot be looked up (Permission denied): check the path" in done.errors


def test_a_link_into_a_barred_folder_costs_one_step_and_not_the_run(
    own_project: Path, tmp_path: Path, ordinary: Ordinary, bar: Bar
) -> None:
    (tmp_path / "homework").mkdir()
    bar(tmp_path / "homework")
    folder = own_project / "solutions" / "challenge5"
    (folder / "log_softmax.py").unlink()
    (folder / "log_softmax.py").symlink_to(tmp_path / "homework" / "log_softmax.py")
    (folder / "0.py").symlink_to(tmp_path / "homework" / "0.py")
    done = ordinary("challenge5", "--solution", *CHECKS, "--only", "final_token_loss", cwd=own_project)
    assert (done.status, done.errors) == (1, "")
    assert "1 of 2 steps green" in done.output
    assert "log_softmax.py is a link to a place outside of the folder" in " ".join(done.output.split())


@pytest.mark.parametrize("umask", [0o277, 0o377, 0o777], ids=oct)
def test_a_umask_that_takes_from_the_user_bars_no_folder_of_ours(
    umask: int, own_project: Path, ordinary: Ordinary
) -> None:
    done = ordinary("challenge5", "--only", "log_softmax", cwd=own_project, umask=umask)
    assert (done.status, done.errors) == (1, "")
    assert (own_project / ".grade").stat().st_mode & 0o777 == 0o777 & ~(umask & 0o077)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not even tell what the current folder is called")
class TestBelowABarredFolder:
    """Who stands there is outside the project, and everything else works."""

    @pytest.fixture
    def here(self, tmp_path: Path, bar: Bar) -> Iterator[Path]:
        """The path by which the current folder can still be reached: that of an open descriptor."""
        (tmp_path / "barred" / "inside").mkdir(parents=True)
        descriptor = os.open(tmp_path / "barred" / "inside", os.O_RDONLY)
        bar(tmp_path / "barred")
        yield Path(f"/proc/{os.getpid()}/fd/{descriptor}")
        os.close(descriptor)

    @pytest.mark.parametrize("command", ["list", "hint challenge5"])
    def test_what_needs_no_project_works(self, command: str, here: Path, ordinary: Ordinary) -> None:
        done = ordinary(*command.split(), cwd=here)
        assert (done.status, done.errors) == (0, "")

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("challenge5", "You are outside the project."),
            ("watch challenge5", "You are outside the project."),
            ("verify challenge5", "go into it first"),
            ("reset log_softmax", "may not be read by you"),
        ],
    )
    def test_what_needs_one_is_refused(self, command: str, words: str, here: Path, ordinary: Ordinary) -> None:
        done = ordinary(*command.split(), cwd=here)
        assert (done.status, done.output, done.errors.count("\n")) == (2, "", 1)
        assert words in done.errors

    def test_a_folder_that_is_named_is_graded(self, here: Path, own_project: Path, ordinary: Ordinary) -> None:
        done = ordinary("challenge5", str(own_project / "solutions" / "challenge5"), *CHECKS, cwd=here)
        assert (done.status, done.errors) == (1, "")
        assert "10 checks passed. Not a full pass, because of --only log_softmax." in done.output

    def test_the_doctor_examines_all(self, here: Path, ordinary: Ordinary) -> None:
        done = ordinary("doctor", "--isolation", "process", cwd=here)
        assert "you are outside the project" in done.output
        assert "does not work" not in done.output
