"""The parent imports nothing of the learner's, whatever PYTHONPATH names and wherever the command is called."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from grader.import_path import import_nothing_of_the_learners
from tests.command.conftest import RUN_SECONDS, environment

SHADOWS = ("textwrap", "random", "signal", "argparse", "json", "torch", "hypothesis")
COMMANDS = {
    "the script": [str(Path(sys.executable).with_name("grade"))],
    "the module": [sys.executable, "-m", "grader"],
}
PATHS = ["/opt/lib:", ":/opt/lib", ".", "../handed_in", "{folder}", "{folder}/..:{folder}", "/opt/lib"]


@pytest.fixture(scope="module")
def handed_in(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untouched stubs beside modules that end the process that imports them, as if all were well."""
    folder = tmp_path_factory.mktemp("learner") / "handed_in"
    folder.mkdir()
    for stub in (project / "challenges" / "challenge5").glob("*.py"):
        (folder / stub.name).write_bytes(stub.read_bytes())
    for place in (folder, folder.parent):
        for name in SHADOWS:
            (place / f"{name}.py").write_text("import os\nprint('Passed', flush=True)\nos._exit(0)\n", encoding="utf-8")
    return folder


def run(folder: Path, *command: str, **changes: str) -> tuple[int, str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder.parent, **changes),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_submission_does_not_run_in_the_parent(command: list[str], handed_in: Path) -> None:
    options = ["challenge5", ".", "--only", "log_softmax", "--isolation", "process"]
    status, said = run(handed_in, *command, *options, PYTHONPATH="/opt/lib:")
    assert status == 1, said
    assert "Not passed yet: 0 of 1 step green." in said


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_imported_from_where_pythonpath_leads(path: str, command: list[str], handed_in: Path) -> None:
    named = path.format(folder=handed_in)
    assert run(handed_in, *command, "hint", "challenge5", "attention", PYTHONPATH=named)[1].startswith(
        "attention, hint"
    )


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Python's path, to be changed at will, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    return sys.path


def test_the_rest_of_the_path_stays_as_it_is(path: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = path[1:]
    path[:0] = [str(tmp_path), str(tmp_path / "lib"), "/opt/lib"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", "/opt/lib", ""]))
    import_nothing_of_the_learners()
    assert path == before


def test_a_folder_of_pythons_own_may_be_named_as_well(path: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    own = [sysconfig.get_path("stdlib"), *site.getsitepackages()]
    path[:] = [*own, *path]
    before = path[:]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(own))
    import_nothing_of_the_learners()
    assert path == [entry for entry in before if entry]


def test_a_folder_that_has_been_removed_may_be_the_current_one(path: list[str], tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    import_nothing_of_the_learners()
    assert "" not in path
