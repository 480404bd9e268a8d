"""What is kept of a run's messages has a bound, whatever they are made of."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from grader.diagnosis import recording as module
from grader.diagnosis.recording import Recording
from tests.fail_closed.made_up_child import reply_with, submission_of

MAX_BYTES = 2**23
LARGE: dict[str, Any] = {
    "text": "\N{GRINNING FACE}" + "a" * 100_000,  # four bytes a letter, for the sake of the first
    "lists": [[] for _ in range(10_000)],
    "dicts": [{"a": 0} for _ in range(5000)],
    "numbers": [0.5 + number for number in range(20_000)],
}


@pytest.mark.parametrize("answer", LARGE.values(), ids=LARGE)
def test_no_more_is_kept_than_the_bound(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", MAX_BYTES)
    recording = Recording()
    submission = submission_of(lambda message: reply_with(message, answer))
    submission.on_reply = recording.note
    recording.begin_check("step.check", ("step", "function"))
    tracemalloc.start()
    for _ in range(50):
        submission.ask("fetch")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < MAX_BYTES
    assert recording.checks["step.check"].examples[0]
    assert not recording.checks["step.check"].whole


def test_a_check_of_plain_answers_is_kept_whole() -> None:
    recording = Recording()
    submission = submission_of(lambda message: reply_with(message, 5))
    submission.on_reply = recording.note
    recording.begin_check("step.check", ("step", "function"))
    for _ in range(1000):
        submission.ask("fetch")
    assert len(recording.checks["step.check"].examples[0]) == 1000
    assert recording.checks["step.check"].whole
