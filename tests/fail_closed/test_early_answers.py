"""Learner code that answers a question before it is put, or twice, costs its check and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.submission.problems import CheckAborted, LearnerError
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.verdict import Outcome
from tests.child.conftest import LIMITS, submit_folder
from tests.child.observing import FINDS_THE_CHANNEL, call, end_of, still_works

NEXT = '{"dict": [["id", 2], ["answer", {"dict": [["value", "made up"]]}]]}'  # what the parent will ask for next
SOURCE = (
    FINDS_THE_CHANNEL
    + f"""
import threading

def fine():
    return "fine"

def run(delay):
    answer = forge(b'''{NEXT}''')
    threading.Timer(delay, lambda: os.write(channel(), answer)).start()
    return "run"

def twice():
    os.write(channel(), forge(b'''{NEXT.replace("2", "1", 1)}'''))
    return "run"
"""
)


@pytest.fixture
def submission(tmp_path: Path) -> Iterator[Submission]:
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "code.py").write_text(SOURCE, encoding="utf-8")
    process = ChildProcess(folder, LIMITS)
    yield submit_folder(process, folder)
    process.close()


def test_an_answer_that_is_there_before_its_question_is_refused(submission: Submission) -> None:
    assert call(submission, "run", 0.1) == "run"
    time.sleep(0.4)  # for the made-up answer
    assert end_of(submission, "fine").outcome is Outcome.ERROR
    assert still_works(submission)


def outcome_of(submission: Submission, name: str) -> Outcome:
    try:
        call(submission, name)
    except (LearnerError, CheckAborted) as end:
        return end.outcome
    return Outcome.PASSED


def test_an_answer_of_its_own_and_then_the_true_one_are_one_too_many(submission: Submission) -> None:
    """Where the true one comes too late to be seen, it meets the next question, and is refused there."""
    assert Outcome.ERROR in (outcome_of(submission, "twice"), outcome_of(submission, "fine"))
    assert still_works(submission)
