"""Every known mistake of every challenge is of the form that the grader reads, and its check catches it.

The tests walk the folders: the mistakes of the next challenge are tested by being there.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.challenge import Challenge, challenge_names, load_challenge
from grader.mistakes import Mistake, load_mistakes, write_with_mistake
from grader.verdict import Outcome
from tests.mistakes.conftest import ChildOf
from tests.submissions import SOLUTIONS

MAX_WIDTH = 79  # columns
MAX_TITLE_LINES = 2
SENTENCE_END = re.compile(r"[.?!](?= |$)")


@dataclass(frozen=True)
class Entry:
    """A mistake and the challenge that it belongs to."""

    challenge: Challenge
    mistake: Mistake

    def __str__(self) -> str:
        return f"{self.challenge.name} {self.mistake.step}.{self.mistake.name}"

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree, clean=False) or ""

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.mistake.path.read_text(encoding="utf-8"))


CHALLENGES = [load_challenge(name) for name in challenge_names()]
ENTRIES = [Entry(challenge, mistake) for challenge in CHALLENGES for mistake in load_mistakes(challenge)]

of_every_mistake = pytest.mark.parametrize("entry", ENTRIES, ids=str)


def check_ids(challenge: Challenge) -> set[str]:
    """Read which checks there are, without running them."""
    return {
        f"{step.name}.{definition.name.removeprefix('test_')}"
        for step, file in zip(challenge.steps, challenge.check_files, strict=True)
        for definition in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(definition, ast.FunctionDef) and definition.name.startswith("test_")
    }


@of_every_mistake
def test_the_check_that_a_mistake_names_catches_it(entry: Entry, tmp_path: Path, child_of: ChildOf) -> None:
    folder = write_with_mistake(SOLUTIONS / entry.challenge.name, entry.mistake, tmp_path / "submission")
    check = entry.mistake.check
    result = child_of(entry.challenge.name).grade_checks(folder, checks=(check,))[check]
    assert result.outcome in (Outcome.FAILED, Outcome.ERROR), f"{check}: {result.outcome} {result.message}"


@of_every_mistake
def test_a_mistake_names_a_check_and_a_hint_that_exist(entry: Entry) -> None:
    assert entry.mistake.check in check_ids(entry.challenge)
    assert 1 <= entry.mistake.hint <= len(entry.challenge.step(entry.mistake.step).hints)


@of_every_mistake
def test_a_mistake_speaks_to_the_learner_in_a_title_and_two_sentences(entry: Entry) -> None:
    mistake = entry.mistake
    assert re.search(r"\b[Yy]ou\b", mistake.title), mistake.title
    assert mistake.title.endswith("."), mistake.title
    assert mistake.explanation.startswith("You believed that "), mistake.explanation
    assert len(SENTENCE_END.findall(mistake.explanation)) == 2, mistake.explanation


@of_every_mistake
def test_what_a_mistake_says_fits_a_terminal(entry: Entry) -> None:
    title, _, rest = entry.docstring.partition("\n\n")
    quoted = f'"""{title}\n\n{rest}'
    assert max(map(len, quoted.splitlines())) <= MAX_WIDTH
    assert len(title.splitlines()) <= MAX_TITLE_LINES


@of_every_mistake
def test_a_mistake_imports_no_other_file_of_the_learner(entry: Entry) -> None:
    learner_files = {path.stem for path in (SOLUTIONS / entry.challenge.name).glob("*.py")}
    imported = {
        name.split(".")[0]
        for node in ast.walk(entry.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported.isdisjoint(learner_files)


@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)
def test_every_step_has_known_mistakes_and_no_two_of_a_step_are_the_same(challenge: Challenge) -> None:
    mistakes = load_mistakes(challenge)
    assert {mistake.step for mistake in mistakes} == {step.name for step in challenge.steps}
    for step in challenge.steps:
        own = [mistake for mistake in mistakes if mistake.step == step.name]
        programs = {ast.unparse(ast.parse(mistake.path.read_text(encoding="utf-8")).body[1:]) for mistake in own}
        titles = {mistake.title for mistake in own}
        assert len(own) == len(programs) == len(titles)


def test_challenge_5_has_at_least_fifty_known_mistakes() -> None:
    assert sum(entry.challenge.name == "challenge5" for entry in ENTRIES) >= 50
