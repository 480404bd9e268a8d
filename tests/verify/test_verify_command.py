"""`grade verify` as a command: its forms of report, its exit status, and what it leaves alone."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from grader.command import INTERRUPTED, PASSED, WRONG_USAGE
from grader.verify.course import Course as FoundCourse
from grader.verify.course import find_course
from grader.verify.rich_report import RichVerifyReport
from grader.verify.row import Findings, Part, Row
from tests.command.conftest import Run, environment
from tests.command.test_references import git
from tests.verify.conftest import SLOW_SECONDS, Course, Grade, Verified, Verify, copy_toy

PARTS = ["hints", "files", "hidden", "stubs", "solution", "mistakes", "mutants"]
git_is_missing = shutil.which("git") is None


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def plain(grade: Grade, untouched: Course) -> Run:
    return grade(untouched, "verify", "toy", "--no-mutants")


@pytest.fixture(scope="module")
def short(grade: Grade, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The plain report of a challenge that lacks an excuse."""
    course = copy_toy(tmp_path_factory.mktemp("short"))
    (course.checks / "excused_mutants.toml").unlink()
    return grade(course, "verify", "toy")


def test_the_json_object_says_what_was_looked_at(green: Verified) -> None:
    found = green.run.json
    assert (found["schema"], found["holds"], found["left_out"]) == (1, True, [])
    assert list(green.parts()) == PARTS
    assert all(part["holds"] and part["rows"] and part["seconds"] >= 0 for part in green.parts().values())
    assert set(found["environment"]) == {"python", "torch", "grader", "isolation"}


def test_every_mistake_of_the_catalogue_has_a_row(green: Verified) -> None:
    assert [row["subject"] for row in green.rows("mistakes")] == [
        "mean/one_mean_for_all",
        "mean/sum_of_each_row",
        "centre/mean_of_all_rows",
        "centre/writes_into_its_input",
    ]


def test_the_plain_report_has_a_line_for_each_part_and_a_conclusion(plain: Run) -> None:
    lines = plain.output.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("ok")] == [["ok", part] for part in PARTS[:-1]]
    assert lines[-1] == "Everything holds. Left out: mutants."
    assert plain.status == PASSED


def test_the_plain_report_shows_what_falls_short(short: Run) -> None:
    text = short.output
    assert "SHORT  mutants    16 of 17: " in text
    assert "centre.py:17: survives every check of centre" in text
    assert "after     means = mean(values).unsqueeze(1)\n" in text
    assert text.splitlines()[-1] == "Something falls short: see above."


def test_neither_the_project_nor_the_hidden_folder_is_touched(verify: Verify, course: Course) -> None:
    before = contents(course.project), contents(course.checks_folder)
    verify(course)
    assert (contents(course.project), contents(course.checks_folder)) == before


def test_no_odd_file_ends_a_verification(verify: Verify, course: Course) -> None:
    os.mkfifo(course.stubs / "pipe")
    (course.stubs / "to_itself").symlink_to("to_itself")
    (course.stubs / "to_nothing").symlink_to("nothing")
    for folder in (course.stubs, course.solution):
        (folder / "deep.py").write_text(f"x = {' + '.join(900 * '1')}\n", encoding="utf-8")
        (folder / "centre.py").rename(folder / "centre.txt")
        (folder / "centre.py").symlink_to("centre.txt")
    assert verify(course, "--no-mutants").short() == set()


def test_without_a_name_every_challenge_is_verified_with_its_own_checks(verify: Verify, course: Course) -> None:
    for room in (course.project / "challenges", course.project / "solutions", course.checks_folder):
        shutil.copytree(room / "toy", room / "twin")
    for path in (course.checks_folder / "twin").glob("*.py"):
        path.write_text(path.read_text(encoding="utf-8").replace("checks.toy", "checks.twin"), encoding="utf-8")
    course.edit(course.checks_folder / "twin" / "rows.py", "sum(row) / len(row)", "sum(row)")
    found = verify(course, "--no-mutants")
    assert (found.short("toy"), "solution" in found.short("twin")) == (set(), True)
    assert found.run.status == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-challenge"], "There is no challenge 'no-such-challenge'. Challenges: toy"),
        (["toy", "--fast"], "Unrecognized arguments: --fast. See: grade verify --help"),
        (["toy", "toy"], "Unrecognized arguments: toy. See: grade verify --help"),
        (["toy", "--ref", "nowhere"], "is no git repository"),
    ],
    ids=["an unknown challenge", "an unknown option", "two challenges", "a reference without git"],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str, grade: Grade, untouched: Course) -> None:
    run = grade(untouched, "verify", *arguments)
    assert (run.status, run.output, run.errors.count("\n")) == (WRONG_USAGE, "", 1)
    assert message in run.errors


def test_outside_a_project_there_is_nothing_to_verify(grade: Grade, untouched: Course, tmp_path: Path) -> None:
    run = grade(Course(tmp_path, untouched.checks_folder), "verify", "toy")
    assert run.status == WRONG_USAGE
    assert "go into it first" in run.errors


def test_a_folder_without_challenges_is_no_folder_of_checks(grade: Grade, untouched: Course, tmp_path: Path) -> None:
    run = grade(Course(untouched.project, tmp_path), "verify")
    assert run.status == WRONG_USAGE
    assert f"FINE_DROPOUT_CHECKS names {tmp_path}, which holds no challenge" in run.errors


@pytest.fixture
def repository(course: Course) -> Course:
    """The solved files on the branch `solution` only."""
    git(course.project, "init", "--quiet", "--initial-branch=main")
    shutil.copytree(course.solution, course.stubs.parent / "kept", dirs_exist_ok=True)
    shutil.rmtree(course.solution)
    git(course.project, "add", "challenges/toy")
    git(course.project, "commit", "--quiet", "--message=stubs")
    git(course.project, "switch", "--quiet", "--create", "solution")
    for path in (course.stubs.parent / "kept").glob("*.py"):
        shutil.copy(path, course.stubs)
    git(course.project, "commit", "--quiet", "--all", "--message=solved")
    git(course.project, "switch", "--quiet", "main")
    shutil.rmtree(course.stubs.parent / "kept")
    return course


@pytest.mark.skipif(git_is_missing, reason="git is not installed")
def test_a_branch_can_be_the_solution(verify: Verify, repository: Course) -> None:
    found = verify(repository, "toy", "--ref", "solution")
    assert (found.short(), found.run.status) == (set(), PASSED)


@pytest.mark.skipif(git_is_missing, reason="git is not installed")
def test_a_branch_with_stubs_is_no_solution(verify: Verify, repository: Course) -> None:
    found = verify(repository, "toy", "--ref", "main", "--no-mutants")
    assert "mean: mean.equals_the_definition: todo instead of passed" in found.messages("solution")


def test_ctrl_c_stops_it_and_everything_that_it_started(untouched: Course, scratch: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "verify", "toy"],
        cwd=untouched.project,
        env=environment(scratch, FINE_DROPOUT_CHECKS=str(untouched.checks_folder), TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    while not process.stdout.readline().startswith("ok     solution"):  # then the mistakes and mutants are at work
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SLOW_SECONDS)
    assert (process.returncode, errors) == (INTERRUPTED, "grade: stopped.\n")
    assert list(tmp_path.iterdir()) == []


def on_a_terminal(found: FoundCourse, findings: list[Findings], width: int) -> str:
    screen = io.StringIO()
    report = RichVerifyReport(Console(file=screen, width=width, force_terminal=True, color_system=None))
    report.started(found)
    for each in findings:
        report.part_started(each.part)
        for row in each.rows:
            report.row_found(row)
        report.part_finished(each)
    report.challenge_finished()
    report.finished(all(each.holds for each in findings), (), {})
    report.close()
    return screen.getvalue()


@pytest.fixture
def found(untouched: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FoundCourse:
    monkeypatch.setenv("FINE_DROPOUT_CHECKS", str(untouched.checks_folder))
    return find_course("toy", None, start=untouched.project, scratch=tmp_path)


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_terminal_shows_a_table_and_what_falls_short(found: FoundCourse, width: int) -> None:
    part = Part("mutants", "every mutant is caught", 2, iter(()))
    short = Row("mean.py:16", False, "survives [/] \x1b[2J", (("before", "x = a[1]"), ("after", "x = a[0]")))
    text = on_a_terminal(found, [Findings(part, (Row("mean.py:15", True), short), 1.5)], width)
    assert "1 of 2" in text
    assert r"✗ mutants  mean.py:16  survives [/] \x1b[2J" in text
    assert "before    x = a[1]" in text
    assert "Something falls short: see above." in text
    assert "15" not in text, "what holds is counted, not listed"
