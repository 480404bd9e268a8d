"""A known mistake is recognised however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.challenge import Challenge
from grader.mistakes import load_mistakes
from tests.diagnosis.conftest import Diagnosed
from tests.diagnosis.rewritings import REWRITINGS
from tests.submissions import Answer, write_submission

IDS = [f"{answer.step}: {mistake}, {answer.name}" for answer, mistake in REWRITINGS]


@pytest.mark.parametrize(("answer", "mistake"), REWRITINGS, ids=IDS)
def test_a_known_mistake_written_in_another_way_is_named(
    answer: Answer, mistake: str, tmp_path: Path, diagnosed: Diagnosed
) -> None:
    assert diagnosed.names(write_submission(tmp_path, answer.files()), answer.step) == {mistake}


def test_a_rewriting_is_another_file_than_the_mistake(challenge: Challenge) -> None:
    known = {(mistake.step, mistake.name): mistake.path for mistake in load_mistakes(challenge)}
    for answer, mistake in REWRITINGS:
        assert answer.files()[answer.file] != known[answer.step, mistake].read_text(encoding="utf-8")
