"""`grade reset` puts a stub back and never loses what the learner wrote."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from grader.command import main
from grader.overview import print_overview
from grader.progress import load_progress
from tests.command.conftest import ROOT, copy_project
from tests.command.test_references import distrust, git

STUB = (ROOT / "challenges" / "challenge5" / "attention.py").read_text(encoding="utf-8")
SOLUTION = (ROOT / "solutions" / "challenge5" / "attention.py").read_text(encoding="utf-8")
END_LINE = "    # ---- your code: end ----\n"
WORK = STUB.replace("raise NotImplementedError", "return x  # ")
Said = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which the learner has written an attention; the current folder."""
    monkeypatch.chdir(copy_project(tmp_path))
    file(tmp_path).write_text(WORK, encoding="utf-8")
    return tmp_path


@pytest.fixture
def said(project: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs the command, which must end with this status; returns what it says."""

    def run(*arguments: str, status: int = 0) -> str:
        assert main(["reset", *arguments]) == status
        output, errors = capsys.readouterr()
        return output + errors

    return run


def file(project: Path) -> Path:
    return project / "challenges" / "challenge5" / "attention.py"


def copies(project: Path) -> list[str]:
    return sorted(path.read_text(encoding="utf-8") for path in (project / ".grade" / "copies").glob("*/*"))


@pytest.mark.parametrize("arguments", [["attention"], ["challenge5", "attention"]], ids=" ".join)
def test_the_stub_is_put_back_and_the_work_is_kept(arguments: list[str], said: Said, project: Path) -> None:
    text = said(*arguments)
    assert file(project).read_text(encoding="utf-8") == STUB
    assert copies(project) == [WORK]
    assert "grade reset challenge5 attention --undo" in text


def test_undo_brings_the_work_back(said: Said, project: Path) -> None:
    said("attention")
    said("attention", "--undo")
    assert file(project).read_text(encoding="utf-8") == WORK


def test_undo_keeps_what_was_written_since(said: Said, project: Path) -> None:
    said("attention")
    file(project).write_text("begun again\n", encoding="utf-8")
    said("attention", "--undo")
    assert file(project).read_text(encoding="utf-8") == WORK
    assert "begun again\n" in copies(project)


def test_undo_can_be_undone(said: Said, project: Path) -> None:
    said("attention")
    said("attention", "--undo")
    said("attention", "--undo")
    assert file(project).read_text(encoding="utf-8") == STUB


def test_the_newest_copy_comes_back_first(said: Said, project: Path) -> None:
    said("attention")
    file(project).write_text("the second try\n", encoding="utf-8")
    said("attention")
    said("attention", "--undo")
    assert file(project).read_text(encoding="utf-8") == "the second try\n"


def test_no_reset_removes_a_copy(said: Said, project: Path) -> None:
    tries = [f"try {number}\n" for number in range(5)]
    for text in tries:
        file(project).write_text(text, encoding="utf-8")
        said("attention")
    assert copies(project) == tries


def test_bytes_that_are_no_text_are_kept_as_they_are(said: Said, project: Path) -> None:
    file(project).write_bytes(b"\xff\x00\r\n")
    said("attention")
    said("attention", "--undo")
    assert file(project).read_bytes() == b"\xff\x00\r\n"


def test_an_untouched_stub_is_left_alone(said: Said, project: Path) -> None:
    file(project).write_text(STUB, encoding="utf-8")
    assert "is the untouched stub already" in said("attention")
    assert copies(project) == []


def test_a_file_that_is_gone_comes_back_as_a_stub(said: Said, project: Path) -> None:
    file(project).unlink()
    said("attention")
    assert file(project).read_text(encoding="utf-8") == STUB


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.usefixtures("usual_umask")
def test_a_file_that_was_gone_can_be_read_by_others(said: Said, project: Path) -> None:
    file(project).unlink()
    said("attention")
    assert file(project).stat().st_mode & 0o777 == 0o644


@pytest.mark.usefixtures("usual_umask")
@pytest.mark.parametrize("rights", [0o600, 0o664], ids=oct)
def test_a_file_keeps_its_rights(rights: int, said: Said, project: Path) -> None:
    file(project).chmod(rights)
    said("attention")
    assert file(project).stat().st_mode & 0o777 == rights


def test_nothing_is_replaced_if_it_cannot_be_kept(said: Said, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*paths: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    message = said("attention", status=2)
    assert "No space left on device. attention.py stays as it is." in message
    assert file(project).read_text(encoding="utf-8") == WORK
    assert list(file(project).parent.glob(".attention*")) == []


def test_nothing_kept_is_nothing_to_undo(said: Said) -> None:
    assert "There is nothing to undo" in said("devices", "--undo", status=2)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_without_solutions_the_stub_comes_out_of_git(said: Said, project: Path) -> None:
    file(project).write_text(STUB, encoding="utf-8")
    shutil.rmtree(project / "solutions")
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "add", "challenges")
    git(project, "commit", "--quiet", "--message=stubs")
    file(project).write_text(SOLUTION, encoding="utf-8")
    git(project, "commit", "--quiet", "--all", "--message=my work")
    file(project).write_text("all marks are gone\n", encoding="utf-8")
    said("attention")
    assert file(project).read_text(encoding="utf-8") == STUB


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize(
    "later",
    [
        SOLUTION.replace(END_LINE, ""),
        SOLUTION.replace("    ", "\t"),
        SOLUTION.replace(END_LINE, END_LINE.strip()),
        "# ---- your code: begin ----\n# ---- your code: end ----\n",
    ],
    ids=["without its last mark", "with tabs", "with a mark moved", "marks and no function"],
)
def test_a_version_in_git_whose_marks_are_not_whole_is_no_stub(later: str, said: Said, project: Path) -> None:
    file(project).write_text(STUB.replace("\n", "\r\n"), encoding="utf-8", newline="")
    shutil.rmtree(project / "solutions")
    git(project, "init", "--quiet", "--initial-branch=main")
    git(project, "-c", "core.autocrlf=false", "add", "challenges")
    git(project, "commit", "--quiet", "--message=stubs")
    file(project).write_text(later, encoding="utf-8")
    git(project, "commit", "--quiet", "--all", "--message=my work")
    assert "is the stub again" in said("attention")
    assert file(project).read_text(encoding="utf-8") == STUB


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_repository_that_git_does_not_trust_is_said(
    said: Said, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(project / "solutions")
    git(project, "init", "--quiet")
    file(project).write_text("all marks are gone\n", encoding="utf-8")
    distrust(monkeypatch)
    assert f"git config --global --add safe.directory {project}), and" in said("attention", status=2)


@pytest.fixture
def alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project without solutions and git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    shutil.rmtree(project / "solutions")
    return project


def test_without_solutions_and_git_the_marked_places_are_emptied(said: Said, alone: Path) -> None:
    file(alone).write_text(SOLUTION, encoding="utf-8")
    said("attention")
    assert file(alone).read_text(encoding="utf-8") == STUB


def test_marks_that_are_indented_with_tabs_are_found_too(said: Said, alone: Path) -> None:
    file(alone).write_text(SOLUTION.replace("    ", "\t"), encoding="utf-8")
    said("attention")
    assert file(alone).read_text(encoding="utf-8") == STUB.replace("    ", "\t")


def test_the_last_mark_may_be_the_end_of_the_file(said: Said, alone: Path) -> None:
    file(alone).write_text(SOLUTION.rstrip("\n"), encoding="utf-8")
    said("attention")
    assert file(alone).read_text(encoding="utf-8") == STUB


def without_first_end(name: str) -> str:
    text = (ROOT / "solutions" / "challenge5" / name).read_text(encoding="utf-8")
    return text.replace(END_LINE, "", 1)


NO_SOURCES = [
    pytest.param(SOLUTION.replace("your code", "my code").encode(), id="without marks"),
    pytest.param(SOLUTION.replace(END_LINE, "", 1).encode(), id="without one mark"),
    pytest.param(b"# ---- your code: begin ----\n# ---- your code: end ----\n" + SOLUTION.encode(), id="no function"),
    pytest.param(b"", id="empty"),
    pytest.param(SOLUTION.encode("utf-16"), id="UTF-16"),
    pytest.param(f"# \xe4\n{SOLUTION}".encode("latin-1", errors="replace"), id="Latin-1"),
]


@pytest.mark.parametrize("content", NO_SOURCES)
def test_a_solution_that_makes_no_stub_is_passed_over(
    content: bytes, said: Said, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    (project / "solutions" / "challenge5" / "attention.py").write_bytes(content)
    file(project).write_text(SOLUTION, encoding="utf-8")
    said("attention")
    assert file(project).read_text(encoding="utf-8") == STUB


@pytest.mark.parametrize("content", NO_SOURCES)
def test_a_solution_that_makes_no_stub_leaves_the_file_alone(
    content: bytes, said: Said, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    (project / "solutions" / "challenge5" / "attention.py").write_bytes(content)
    file(project).write_text("all marks are gone\n", encoding="utf-8")
    assert "there is no solution that it can be made from" in said("attention", status=2)
    assert file(project).read_text(encoding="utf-8") == "all marks are gone\n"


@pytest.mark.parametrize("name", ["attention.py", "training.py"])
def test_a_file_that_lacks_a_mark_is_not_emptied(name: str, said: Said, alone: Path) -> None:
    """The first place of training.py would end with the second, and `evaluate` be gone."""
    path = file(alone).with_name(name)
    path.write_text(without_first_end(name), encoding="utf-8")
    assert f"{name} has lost its marked places" in said(path.stem, status=2)
    assert path.read_text(encoding="utf-8") == without_first_end(name)


def test_a_stub_that_cannot_be_had_leaves_the_file_alone(said: Said, alone: Path) -> None:
    file(alone).write_text("all marks are gone\n", encoding="utf-8")
    message = said("attention", status=2)
    assert f"{alone} is no git repository, and attention.py has lost its marked places." in message
    assert "Take it from a fresh copy of the project." in message
    assert file(alone).read_text(encoding="utf-8") == "all marks are gone\n"


@pytest.fixture
def outside(project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in no project; the current one."""
    folder = tmp_path_factory.mktemp("outside")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("arguments", [["attention"], ["attention", "--undo"]], ids=" ".join)
def test_outside_a_project_the_learner_is_sent_there(arguments: list[str], said: Said, outside: Path) -> None:
    message = said(*arguments, status=2)
    assert "You are outside the project, and there is no attention.py here. Go into the project first." in message
    assert list(outside.iterdir()) == []


def test_a_file_outside_a_project_is_reset_and_comes_back(said: Said, outside: Path) -> None:
    path = outside / "attention.py"
    path.write_text(SOLUTION, encoding="utf-8")
    said("attention")
    assert path.read_text(encoding="utf-8") == STUB
    path.unlink()
    said("attention", "--undo")
    assert path.read_text(encoding="utf-8") == SOLUTION


@pytest.mark.parametrize("target", ["gone/attention.py", "elsewhere.py", "attention.py"])
def test_a_link_that_leads_to_no_file_is_said(target: str, said: Said, project: Path) -> None:
    file(project).unlink()
    file(project).symlink_to(target)
    assert "attention.py is a link that leads to no file. Take it away first." in said("attention", status=2)


def test_what_is_no_file_is_not_read(said: Said, alone: Path) -> None:
    """A pipe would be waited for, and a device such as /dev/zero never ends."""
    file(alone).unlink()
    os.mkfifo(file(alone))
    assert "Take it from a fresh copy of the project." in said("attention", status=2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["softmax"], "No challenge has a step 'softmax'"),
        (["challenge5"], "Name the step as well: grade reset challenge5 STEP"),
        (["challenge5", "softmax"], "Its steps are: log_softmax"),
        (["challenge5", "attention", "devices"], "See: grade reset --help"),
        ([], "See: grade reset --help"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_wrong_usage_names_the_mend(arguments: list[str], words: str, said: Said) -> None:
    assert words in said(*arguments, status=2)


def test_what_was_found_in_the_file_is_forgotten(said: Said, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = load_progress(project / ".grade", "challenge5", file(project).parent)
    progress.steps.update(attention="passed", devices="passed")
    progress.save()
    said("attention")
    print_overview(start=project)
    text = " ".join(capsys.readouterr().out.split())
    assert "· attention not graded yet" in text
    assert "✓ devices passed" in text
