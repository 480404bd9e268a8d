"""`grade hint`: one hint at a time, from a question to nearly the answer."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from grader.challenge import Challenge, Step, load_challenge
from grader.options import HintOptions
from grader.progress import Progress, load_progress
from grader.project import find_project, notes_folder


def print_hint(options: HintOptions, *, start: Path) -> None:
    """Print the next hint of the step that was named, or of the first that does not pass yet.

    Raises:
        UsageError: there is no such challenge or step.
    """
    challenge = load_challenge(options.challenge)
    progress = learners_progress(challenge, start)
    name = options.step or progress.first_open(challenge)
    if name is None:
        print(f"All steps of {challenge.name} pass: no hint needed. (grade hint {challenge.name} STEP shows one.)")
        return
    step = challenge.step(name)
    if options.everything:
        progress.hints[name] = len(step.hints)
        for number in range(len(step.hints)):
            _print(challenge, step, number)
    else:
        number = progress.next_hint(step)
        progress.hints[name] = number + 1
        _print(challenge, step, number)
        _print_next(challenge, step, number)
    progress.save()


def hint_for_failure(challenge: Challenge, step: Step, progress: Progress) -> str:
    """Return the text that a failure shows: the hint that the learner has come to, and how to get the next."""
    number = progress.current_hint(step)
    progress.hints[step.name] = number + 1
    last = number + 1 == len(step.hints)
    more = (
        f"the lesson is challenges/{challenge.name}/README.md" if last else f"grade hint {challenge.name} {step.name}"
    )
    return f"{step.hints[number]}\nMore: {more}"


def learners_progress(challenge: Challenge, start: Path) -> Progress:
    """Return what is remembered of the project's own challenge folder."""
    project = find_project(start)
    folder = project.challenge(challenge.name) if project else start.resolve()
    return load_progress(notes_folder(start), challenge.name, folder)


def _print(challenge: Challenge, step: Step, number: int) -> None:
    width = min(80, shutil.get_terminal_size().columns)
    print(f"{step.name}, hint {number + 1} of {len(step.hints)}")
    print(textwrap.fill(step.hints[number], width=width, initial_indent="  ", subsequent_indent="  "))


def _print_next(challenge: Challenge, step: Step, number: int) -> None:
    if number + 1 < len(step.hints):
        print(f"\nNext: grade hint {challenge.name} {step.name}")
    else:
        print(f"\nThat was the last hint. The lesson: challenges/{challenge.name}/README.md")
