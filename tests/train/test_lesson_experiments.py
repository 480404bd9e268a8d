"""The experiments of the lesson: every ```python block is run where the learner would run it, and must print what the
```text block after it says. A block without one must run without an error.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.challenge import load_challenge

PROJECT = Path(__file__).resolve().parents[2]
LESSON = PROJECT / "challenges" / "challenge5" / "README.md"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?", re.MULTILINE | re.DOTALL)
# Each experiment is a program of its own, run in the same interpreter as the others: importing torch once is enough.
RUN_ALL = """
import contextlib, io, json, sys
answers = []
for code in json.load(open(sys.argv[1], encoding="utf-8")):
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(code, "experiment", "exec"), {"__name__": "experiment"})
    answers.append(shown.getvalue())
print(json.dumps(answers))
"""


@dataclass(frozen=True)
class Experiment:
    code: str
    output: str | None  # None: not the same on every computer


def experiments() -> list[Experiment]:
    return [Experiment(found["code"], found["output"]) for found in BLOCK.finditer(LESSON.read_text(encoding="utf-8"))]


@pytest.fixture(scope="module")
def lesson() -> list[Experiment]:
    return experiments()


def test_the_lesson_has_an_experiment_for_every_step(lesson: list[Experiment]) -> None:
    assert len(lesson) >= 5
    assert sum(experiment.output is not None for experiment in lesson) >= 5


def test_every_step_has_a_section_on_what_many_believe_with_an_experiment_that_shows_it() -> None:
    chapters = re.split(r"^## ", LESSON.read_text(encoding="utf-8"), flags=re.MULTILINE)
    steps = {chapter.splitlines()[0]: chapter for chapter in chapters if chapter.startswith("Step ")}
    assert len(steps) == len(load_challenge("challenge5").steps)
    for title, step in steps.items():
        _, heading, section = step.partition("\n### What many believe: ")
        assert heading, title
        experiment = BLOCK.search(section)
        assert experiment is not None, title
        assert experiment["output"], title


def test_no_experiment_holds_a_line_that_the_learner_should_write(lesson: list[Experiment]) -> None:
    marked = re.compile(r"# ---- your code: begin ----\n(.*?)# ---- your code: end ----", re.DOTALL)
    answers = {
        line.partition("  #")[0].strip()
        for file in (PROJECT / "solutions" / "challenge5").glob("*.py")
        for place in marked.findall(file.read_text(encoding="utf-8"))
        for line in place.splitlines()
    }
    # Shorter lines stand in any program.
    telling = {line for line in answers if len(line) > len("optimizer.zero_grad()")}
    assert len(telling) > 20
    for experiment in lesson:
        assert telling.isdisjoint(line.partition("  #")[0].strip() for line in experiment.code.splitlines())


def test_every_experiment_prints_what_the_lesson_says(
    lesson: list[Experiment], run: Callable[..., "object"], tmp_path: Path
) -> None:
    import json

    (tmp_path / "blocks.json").write_text(json.dumps([experiment.code for experiment in lesson]), encoding="utf-8")
    done = run("-c", RUN_ALL, str(tmp_path / "blocks.json"))
    assert done.returncode == 0, done.stderr
    for experiment, shown in zip(lesson, json.loads(done.stdout), strict=True):
        assert experiment.output in (None, shown), experiment.code
