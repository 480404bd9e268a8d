"""What a learner reads for each known mistake is what was read and found good, and it fits on a screen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from grader.challenge import load_challenge
from grader.mistakes import Mistake, load_mistakes
from grader.verdict import Outcome
from tests.messages.texts import CHALLENGE, GOLDEN, WIDTH, Messages, read_golden

MISTAKES = load_mistakes(load_challenge(CHALLENGE))
LINES = 12  # before the hint
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?")
OURS = re.compile(r"Traceback|Wire\w+|Remote\w+|Mismatch|Hypothesis|hypothesis|pytest|reply|\bNone\b.*\bNone\b|grader/")

each_mistake = pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.step}/{mistake.name}")


@pytest.fixture(scope="module")
def messages() -> Iterator[Messages]:
    made = Messages()
    yield made
    made.close()


def golden(mistake: Mistake) -> str:
    texts = read_golden(mistake.step)
    assert mistake.name in texts, "no golden text: python -m tests.messages.regenerate, then read it"
    return texts[mistake.name]


def without_numbers(text: str) -> str:
    """Return the text on one line, a mark in place of each number: a longer one may break a line elsewhere."""
    return " ".join(NUMBER.sub("#", text).split())


@each_mistake
def test_a_mistake_gets_its_golden_text(mistake: Mistake, messages: Messages) -> None:
    message, wanted = messages.of(mistake), golden(mistake)
    mend = "python -m tests.messages.regenerate, then read what changed"
    assert message.result.outcome in (Outcome.FAILED, Outcome.ERROR)
    assert without_numbers(message.text) == without_numbers(wanted), mend
    # Another processor may round float32 sums in another way.
    numbers, wanted_numbers = ([float(number) for number in NUMBER.findall(text)] for text in (message.text, wanted))
    assert numbers == pytest.approx(wanted_numbers, rel=1e-3, abs=1e-5), mend


@each_mistake
def test_a_text_fits_into_eighty_columns_and_twelve_lines(mistake: Mistake) -> None:
    lines = golden(mistake).splitlines()
    assert len(lines) <= LINES
    assert [line for line in lines if cell_len(line) > WIDTH] == []


@each_mistake
def test_a_text_says_what_was_wrong_what_was_believed_and_where(mistake: Mistake) -> None:
    text = " ".join(golden(mistake).split())
    assert mistake.title in text
    assert mistake.explanation in text
    assert re.search(r"where \w+\.py:\d+(, reached from \w+\.py:\d+)?$", text)


@each_mistake
def test_a_text_speaks_of_the_learners_work_and_not_of_the_graders(mistake: Mistake) -> None:
    assert OURS.search(golden(mistake)) is None


@pytest.mark.parametrize("step", sorted({mistake.step for mistake in MISTAKES}))
def test_the_golden_texts_are_those_of_the_known_mistakes(step: str) -> None:
    assert list(read_golden(step)) == [mistake.name for mistake in MISTAKES if mistake.step == step]


def test_every_golden_file_belongs_to_a_step() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {mistake.step for mistake in MISTAKES}
