"""Progress survives runs; a file that is broken or cannot be written costs the memory, never a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from grader.challenge import Challenge
from grader.hints import hint_for_failure
from grader.progress import MAX_BYTES, Progress, load_progress
from grader.verdict import CheckResult, Outcome, Verdict

BROKEN = {
    "no JSON": "{",
    "half of it": '{"challenge5: /x": {"steps": {"log_soft',
    "a list": "[]",
    "bytes": b"\xff\xfe\x00",
    "nested too deep": "[" * 100_000,
    "an entry that is a number": '{"challenge5: KEY": 3}',
    "steps that are a list": '{"challenge5: KEY": {"steps": [], "hints": "many", "smoke": 1}}',
    "hints below none": '{"challenge5: KEY": {"hints": {"log_softmax": -7}}}',
    "more hints than there are": '{"challenge5: KEY": {"hints": {"log_softmax": 99}}}',
    "hints that are no numbers": '{"challenge5: KEY": {"hints": {"log_softmax": "two"}}}',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "challenge5"


def load(folder: Path) -> Progress:
    return load_progress(folder.parent / "notes", "challenge5", folder)


def write_notes(folder: Path, text: str | bytes) -> Path:
    path = folder.parent / "notes" / "progress.json"
    path.parent.mkdir()
    path.write_bytes(text.replace("KEY", str(folder)).encode() if isinstance(text, str) else text)
    return path


def a_run(step: str, *outcomes: Outcome) -> Verdict:
    checks = tuple(CheckResult(f"{step}.{n}", step, "A title", outcome) for n, outcome in enumerate(outcomes))
    return Verdict("challenge5", (), checks, None)


def test_notes_that_are_a_pipe_are_not_waited_for(folder: Path, challenge: Challenge) -> None:
    path = write_notes(folder, "")
    path.unlink()
    os.mkfifo(path)
    progress = load(folder)
    assert progress.steps == {}
    progress.record(challenge, a_run("devices", Outcome.PASSED))
    progress.save()
    assert load(folder).steps == {"devices": "passed"}


def test_notes_that_are_huge_are_not_read(folder: Path) -> None:
    with write_notes(folder, "").open("wb") as file:
        file.truncate(100 * MAX_BYTES)
    assert load(folder).steps == {}


def test_what_a_run_found_is_there_in_the_next(folder: Path, challenge: Challenge) -> None:
    progress = load(folder)
    progress.record(challenge, a_run("devices", Outcome.PASSED, Outcome.CRASHED))
    progress.save()
    assert load(folder).steps == {"devices": "crashed"}


def test_a_run_of_one_step_leaves_the_others_as_they_were(folder: Path, challenge: Challenge) -> None:
    progress = load(folder)
    progress.record(challenge, a_run("devices", Outcome.PASSED))
    progress.record(challenge, a_run("attention", Outcome.TODO))
    assert progress.steps == {"devices": "passed", "attention": "todo"}


def test_two_folders_do_not_share_their_progress(folder: Path, challenge: Challenge) -> None:
    mine, yours = load(folder), load(folder.with_name("another"))
    mine.record(challenge, a_run("devices", Outcome.PASSED))
    mine.save()
    yours.save()
    assert (load(folder).steps, load(folder.with_name("another")).steps) == ({"devices": "passed"}, {})


def test_a_step_that_went_green_starts_again_at_its_first_hint(folder: Path, challenge: Challenge) -> None:
    progress = load(folder)
    progress.hints["devices"] = 3
    progress.record(challenge, a_run("devices", Outcome.PASSED))
    assert progress.current_hint(challenge.step("devices")) == 0


def test_a_failure_shows_the_hint_that_the_learner_has_come_to(folder: Path, challenge: Challenge) -> None:
    progress = load(folder)
    step = challenge.step("devices")
    progress.hints["devices"] = 2
    texts = [hint_for_failure(challenge, step, progress, more="the next command") for _ in range(3)]
    assert texts == [f"{step.hints[1]}\nMore: the next command"] * 3


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_breaks_no_hint(text: str | bytes, folder: Path, challenge: Challenge) -> None:
    write_notes(folder, text)
    progress, step = load(folder), challenge.steps[0]
    assert 0 <= progress.next_hint(step) < len(step.hints)
    assert "More: " in hint_for_failure(challenge, step, progress, more="the next command")


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_replaced_by_a_whole_one(text: str | bytes, folder: Path, challenge: Challenge) -> None:
    write_notes(folder, text)
    progress = load(folder)
    progress.record(challenge, a_run("devices", Outcome.PASSED))
    progress.save()
    assert load(folder).steps["devices"] == "passed"


def test_a_file_that_cannot_be_replaced_stays_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*paths: object) -> NoReturn:
        raise OSError("read-only file system")

    path = write_notes(folder, "{}")
    monkeypatch.setattr(os, "replace", fail)
    load(folder).save()
    assert [file.read_text(encoding="utf-8") for file in path.parent.iterdir()] == ["{}"]


def test_ctrl_c_while_it_is_written_leaves_nothing_unfinished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*paths: object) -> NoReturn:
        raise KeyboardInterrupt

    path = write_notes(folder, "{}")
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load(folder).save()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_in_the_place_of_the_file_breaks_nothing(folder: Path) -> None:
    (folder.parent / "notes" / "progress.json").mkdir(parents=True)
    load(folder).save()
    assert load(folder).steps == {}


def test_a_file_in_the_place_of_the_notes_breaks_nothing(folder: Path) -> None:
    (folder.parent / "notes").write_text("a file", encoding="utf-8")
    load(folder).save()
    assert load(folder).steps == {}


def test_the_file_is_json_that_a_person_can_read(folder: Path, challenge: Challenge) -> None:
    progress = load(folder)
    progress.record(challenge, a_run("devices", Outcome.PASSED))
    progress.save()
    assert json.loads(progress.path.read_text(encoding="utf-8"))[f"challenge5: {folder}"]["steps"] == {
        "devices": "passed"
    }


def failed(check: str, *, hint: str = "", mistake: str | None = None, outcome: Outcome = Outcome.FAILED) -> Verdict:
    result = CheckResult(f"devices.{check}", "devices", "A title", outcome, mistake=mistake, hint=hint)
    return Verdict("challenge5", (), (result,), None)


def test_the_same_check_goes_on_where_its_hints_were(folder: Path, challenge: Challenge) -> None:
    progress, step = load(folder), challenge.step("devices")
    progress.record(challenge, failed("moves"))
    progress.hints["devices"] = 2
    progress.record(challenge, failed("moves"))
    assert progress.next_hint(step) == 2


def test_another_check_begins_with_the_first_hint(folder: Path, challenge: Challenge) -> None:
    progress, step = load(folder), challenge.step("devices")
    progress.record(challenge, failed("moves"))
    progress.hints["devices"] = 3
    progress.record(challenge, failed("counts"))
    assert progress.next_hint(step) == 0


def test_another_check_begins_with_the_hint_that_fits_its_mistake(folder: Path, challenge: Challenge) -> None:
    progress, step = load(folder), challenge.step("devices")
    progress.record(challenge, failed("moves"))
    progress.record(challenge, failed("counts", mistake="counts_from_one", hint=step.hints[1]))
    assert progress.current_hint(step) == 1
    assert progress.next_hint(step) == 2


def test_another_mistake_at_the_same_check_begins_with_its_own_hint(folder: Path, challenge: Challenge) -> None:
    progress, step = load(folder), challenge.step("devices")
    progress.record(challenge, failed("moves", mistake="always_cpu", hint=step.hints[2]))
    progress.record(challenge, failed("moves", mistake="dtype_changed", hint=step.hints[1]))
    assert progress.current_hint(step) == 1


def test_hints_seen_while_a_step_was_to_do_are_not_shown_again(folder: Path, challenge: Challenge) -> None:
    progress, step = load(folder), challenge.step("devices")
    progress.record(challenge, failed("moves", outcome=Outcome.TODO))
    progress.hints["devices"] = 2
    progress.record(challenge, failed("moves"))
    assert progress.next_hint(step) == 2


def test_a_failure_shows_no_hint_before_the_one_that_fits(folder: Path, challenge: Challenge) -> None:
    step = challenge.step("devices")
    text = hint_for_failure(challenge, step, load(folder), more="the next command", fitting=step.hints[1])
    assert text == f"{step.hints[1]}\nMore: the next command"


def test_two_commands_at_once_keep_what_each_has_changed(folder: Path, challenge: Challenge) -> None:
    grading, asking = load(folder), load(folder)
    asking.hints["attention"] = 1
    asking.save()
    grading.record(challenge, a_run("devices", Outcome.PASSED))
    grading.save()
    assert (load(folder).steps, load(folder).hints) == ({"devices": "passed"}, {"attention": 1})


def test_what_one_command_forgets_stays_forgotten(folder: Path, challenge: Challenge) -> None:
    first = load(folder)
    first.record(challenge, a_run("devices", Outcome.PASSED))
    first.save()
    other, resetting = load(folder), load(folder)
    resetting.forget(challenge.step("devices"))
    resetting.save()
    other.record(challenge, a_run("attention", Outcome.TODO))
    other.save()
    assert load(folder).steps == {"attention": "todo"}


def test_many_commands_at_once_lose_nothing(folder: Path, challenge: Challenge) -> None:
    names = [f"{step.name}-{number}" for step in challenge.steps for number in range(8)]
    program = (
        "import sys; from pathlib import Path; from grader.progress import load_progress\n"
        "progress = load_progress(Path(sys.argv[1]), 'challenge5', Path(sys.argv[2]))\n"
        "for name in sys.argv[3:]: progress.hints[name] = 1; progress.save()\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder.parent / "notes"), str(folder), *names[start::4]],
            cwd=Path(__file__).parents[2],
        )
        for start in range(4)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert load(folder).hints == dict.fromkeys(names, 1)
