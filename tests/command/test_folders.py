"""Which folder is graded: the one that was named, else the challenge's or the solution's of the enclosing project."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from grader.command import main
from grader.doctor.data import examine_data
from grader.options import parse_grade
from grader.project import find_project, notes_folder, submission_folder
from grader.run import _label
from tests.command.conftest import ROOT, Run


def test_the_default_is_the_challenge_of_the_enclosing_project(project: Path) -> None:
    folder = submission_folder("challenge5", None, solution=False, start=project / "challenges" / "challenge5")
    assert folder == project / "challenges" / "challenge5"


def test_the_solution_is_that_of_the_enclosing_project(project: Path) -> None:
    folder = submission_folder("challenge5", None, solution=True, start=project / "challenges")
    assert folder == project / "solutions" / "challenge5"


def test_a_folder_is_named_from_where_the_learner_is(project: Path) -> None:
    folder = submission_folder("challenge5", "../solutions/challenge5", solution=False, start=project / "challenges")
    assert folder == project / "solutions" / "challenge5"


def test_a_tilde_is_the_home_folder_even_if_the_shell_left_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "homework").mkdir()
    assert submission_folder("challenge5", "~/homework", solution=False, start=Path("/")) == tmp_path / "homework"


def test_a_project_needs_no_solutions(tmp_path: Path) -> None:
    (tmp_path / "challenges" / "challenge5").mkdir(parents=True)
    found = submission_folder("challenge5", None, solution=False, start=tmp_path / "challenges")
    assert found == tmp_path / "challenges" / "challenge5"


def test_the_innermost_project_counts(project: Path) -> None:
    (project / "nested" / "challenges").mkdir(parents=True)
    found = find_project(project / "nested" / "challenges")
    assert found is not None
    assert found.root == project / "nested"


def test_a_folder_of_the_project_is_shown_from_its_top(project: Path) -> None:
    assert _label(parse_grade(["challenge5"]), project / "challenges" / "challenge5") == "challenges/challenge5"


def test_a_folder_outside_can_be_graded_from_outside(mixed: Run, mixed_folder: Path) -> None:
    assert f"Grading {mixed_folder}" in " ".join(mixed.output.splitlines())


def test_outside_a_project_the_notes_go_to_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert notes_folder(tmp_path).is_relative_to(tmp_path)
    assert notes_folder(tmp_path).name == "fine-dropout"


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No HOME, and a user whom the system does not know, as in a container that is run under some number."""

    def fail() -> NoReturn:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "FINE_DROPOUT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", fail)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_nothing_is_remembered_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [main(["hint", "challenge5"]) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out.count("log_softmax, hint 1 of 3") == 2
    assert main(["list"]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("homeless")
def test_the_doctor_says_that_there_is_no_home_folder(tmp_path: Path) -> None:
    ill = {finding.what: finding.mend for finding in examine_data(tmp_path) if not finding.is_in_order}
    assert set(ill) == {"cache folder", "notes"}
    assert all("HOME" in mend for mend in ill.values())


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_no_stub_takes_the_place_of_what_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stub = (ROOT / "challenges" / "challenge5" / "attention.py").read_text(encoding="utf-8")
    own = tmp_path / "attention.py"
    own.write_text(stub.replace("raise NotImplementedError", "return None"), encoding="utf-8")
    before = own.read_bytes()
    monkeypatch.chdir(tmp_path)
    assert main(["reset", "attention"]) == 2
    assert "attention.py stays as it is." in capsys.readouterr().err
    assert own.read_bytes() == before


@pytest.mark.usefixtures("mixed")
def test_grading_leaves_nothing_in_the_folder(mixed_folder: Path, project: Path) -> None:
    assert {path.suffix for path in mixed_folder.iterdir()} == {".py"}
