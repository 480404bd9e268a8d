"""Progress survives runs; a file that is broken or cannot be written costs the memory, never a run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NoReturn

import pytest

from grader.challenge import Challenge
from grader.hints import hint_for_failure
from grader.progress import Progress, load_progress
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
    texts = [hint_for_failure(challenge, step, progress) for _ in range(3)]
    assert texts == [f"{step.hints[1]}\nMore: grade hint challenge5 devices"] * 3


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_breaks_no_hint(text: str | bytes, folder: Path, challenge: Challenge) -> None:
    write_notes(folder, text)
    progress, step = load(folder), challenge.steps[0]
    assert 0 <= progress.next_hint(step) < len(step.hints)
    assert "More: " in hint_for_failure(challenge, step, progress)


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
