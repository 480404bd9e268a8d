"""`grade hint` gives away as little as possible, a bit more each time; `grade list` says how far a learner is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.challenge import Challenge, Step, challenge_names, load_challenge
from grader.command import main
from grader.hints import next_hint_command
from grader.progress import load_progress
from tests.command.conftest import ROOT, STEPS, Grade, copy_project

EVERY_STEP = [(name, step) for name in challenge_names() for step in load_challenge(name).steps]
Said = Callable[..., str]


@pytest.fixture
def fresh_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which nothing was graded yet; the current folder."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(copy_project(tmp_path))
    return tmp_path


@pytest.fixture
def said(fresh_project: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs the command and returns what it prints, its line breaks taken out."""

    def run(*arguments: str) -> str:
        assert main(list(arguments)) == 0
        return re.sub(r"\s+", " ", capsys.readouterr().out)

    return run


def graded(project: Path, **steps: str) -> None:
    """Put down what runs have found so far."""
    folder = project / "challenges" / "challenge5"
    progress = load_progress(project / ".grade", "challenge5", folder)
    progress.steps.update(steps)
    progress.save()


@pytest.mark.parametrize(("name", "step"), EVERY_STEP, ids=lambda part: getattr(part, "name", part))
def test_a_step_has_at_least_three_hints(name: str, step: Step) -> None:
    assert len(step.hints) >= 3


@pytest.mark.parametrize(("name", "step"), EVERY_STEP, ids=lambda part: getattr(part, "name", part))
def test_the_first_hint_is_a_question(name: str, step: Step) -> None:
    assert step.hints[0].endswith("?")


@pytest.mark.parametrize(("name", "step"), EVERY_STEP, ids=lambda part: getattr(part, "name", part))
def test_no_hint_is_said_twice(name: str, step: Step) -> None:
    assert len(set(step.hints)) == len(step.hints)


def test_hints_are_shown_one_at_a_time(said: Said, challenge: Challenge) -> None:
    first = said("hint", "challenge5")
    shown = [hint in first for hint in challenge.steps[0].hints]
    assert shown == [True, False, False]


def test_the_next_call_shows_the_next_hint(said: Said, challenge: Challenge) -> None:
    texts = [said("hint", "challenge5", "attention") for _ in range(3)]
    hints = challenge.step("attention").hints
    assert [hint in text for hint, text in zip(hints, texts, strict=True)] == [True, True, True]


def test_the_last_hint_is_repeated_and_leads_to_the_lesson(said: Said, challenge: Challenge) -> None:
    for _ in range(5):
        text = said("hint", "challenge5", "devices")
    assert challenge.step("devices").hints[-1] in text
    assert "That was the last hint. The lesson: challenges/challenge5/README.md" in text


def test_the_lesson_is_where_the_hints_say() -> None:
    assert (ROOT / "challenges" / "challenge5" / "README.md").is_file()


def test_a_hint_says_how_to_get_the_next(said: Said) -> None:
    assert said("hint", "challenge5").endswith("Next: grade hint challenge5 log_softmax ")


def test_all_hints_can_be_shown_at_once(said: Said, challenge: Challenge) -> None:
    text = said("hint", "challenge5", "training", "--all")
    assert all(hint in text for hint in challenge.step("training").hints)


def test_hints_are_for_the_first_step_that_does_not_pass(said: Said, fresh_project: Path) -> None:
    graded(fresh_project, log_softmax="passed", final_token_loss="failed", devices="todo")
    assert said("hint", "challenge5").startswith("final_token_loss, hint 1 of 3")


def test_with_all_steps_green_no_hint_is_needed(said: Said, fresh_project: Path) -> None:
    graded(fresh_project, **dict.fromkeys(STEPS, "passed"))
    assert said("hint", "challenge5").startswith("All steps of challenge5 pass: no hint needed.")


def test_a_named_step_shows_its_hint_even_if_it_is_green(said: Said, fresh_project: Path) -> None:
    graded(fresh_project, **dict.fromkeys(STEPS, "passed"))
    assert said("hint", "challenge5", "attention").startswith("attention, hint 1 of 3")


def test_hints_fit_a_narrow_window(
    fresh_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    main(["hint", "challenge5", "attention", "--all"])
    hint_lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert max(len(line) for line in hint_lines if " " in line.strip()) <= 40


def test_the_list_names_every_step_and_the_smoke_test(said: Said) -> None:
    text = said("list")
    assert "challenge5" in text
    assert "0 of 5 steps pass" in text
    assert all(f"· {name} not graded yet" in text for name in (*STEPS, "smoke test"))


def test_the_list_says_how_far_the_learner_is(said: Said, fresh_project: Path) -> None:
    graded(fresh_project, log_softmax="passed", final_token_loss="failed", devices="todo", training="not_run")
    text = said("list")
    assert "1 of 5 steps pass" in text
    assert "✓ log_softmax passed ✗ final_token_loss failed ○ devices to do · attention not graded yet" in text
    assert "· training waits for other steps" in text


def test_the_list_outside_a_project_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    assert main(["list"]) == 0
    assert "You are outside the project: go into it to see how far you are." in capsys.readouterr().out


def test_the_command_for_the_next_hint_can_be_typed_in_whatever_the_folder_is_called(challenge: Challenge) -> None:
    folder = Path("/handed in") / os.fsdecode(b"\x1b[2J1\n\xe2\x80\xae'\\\xff")
    command = next_hint_command("challenge5", challenge.steps[0], folder, start=Path("/project"))
    assert command.isprintable()
    shown = subprocess.run(["bash", "-c", f"printf %s {command}"], capture_output=True, check=True).stdout
    assert shown == b"gradehintchallenge5log_softmax--folder" + os.fsencode(folder)


def test_an_output_that_lacks_letters_gets_question_marks(grade: Grade, project: Path) -> None:
    run = grade("list", cwd=project, PYTHONIOENCODING="ascii")
    assert (run.status, run.errors) == (0, "")
    assert "? log_softmax" in run.output


def test_a_failure_in_a_named_folder_leads_to_its_own_next_hints(grade: Grade, tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    folder = project / "handed in" / "anna's"
    folder.mkdir(parents=True)
    shutil.copy(project / "challenges" / "challenge5" / "devices.py", folder)

    def graded() -> tuple[str, list[str]]:
        output = " ".join(grade("challenge5", str(folder), "--only", "devices", cwd=project).output.split())
        hint, _, more = output.partition(" hint ")[2].partition(" Not passed yet")[0].partition(" More: ")
        return hint, shlex.split(more)

    first, more = graded()
    assert more[:4] == ["grade", "hint", "challenge5", "devices"]
    assert grade(*more[1:], cwd=project).output.startswith("devices, hint 2 of 3")
    second, same = graded()
    assert first != second
    assert same == more
    assert grade("hint", "challenge5", "devices", cwd=project).output.startswith("devices, hint 1 of 3")


@pytest.mark.usefixtures("stubs", "stubs_as_json")
def test_a_run_is_remembered_by_hint_and_list(grade: Grade, project: Path) -> None:
    assert grade("hint", "challenge5", cwd=project).output.startswith("log_softmax, hint 2 of 3")
    assert "○ devices" in grade("list", cwd=project / "challenges").output
