"""`grade list`: every challenge and step, and how far this learner is."""

from __future__ import annotations

from pathlib import Path

from grader.challenge import Step, challenge_names, load_challenge
from grader.progress import Progress, load_progress
from grader.project import find_project, notes_folder, own_folder
from grader.text import counted, printable

MARKS = {"passed": "✓", "todo": "○", "not_run": "·", "": "·"}


def print_overview(*, start: Path) -> None:
    """Print a line a challenge and a line a step."""
    project = find_project(start)
    for name in challenge_names():
        challenge = load_challenge(name)
        progress = load_progress(notes_folder(start), name, own_folder(name, start))
        done = sum(progress.steps.get(step.name) == "passed" for step in challenge.steps)
        print(f"{name}  {challenge.title}")
        for step in challenge.steps:
            outcome = progress.steps.get(step.name, "")
            print(f"  {MARKS.get(outcome, '✗')} {step.name:18} {_in_words(outcome)}{_hints(progress, step)}")
        if challenge.smoke_file is not None:
            print(f"  {MARKS.get(progress.smoke, '✗')} {'smoke test':18} {_in_words(progress.smoke)}")
        print(f"  {done} of {counted(len(challenge.steps), 'step')} pass")
    if project is None:
        print("You are outside the project: go into it to see how far you are.")


def _hints(progress: Progress, step: Step) -> str:
    shown = progress.hints_shown(step)
    return f" ({shown} of {len(step.hints)} hints seen)" if shown else ""


def _in_words(outcome: str) -> str:
    return {"": "not graded yet", "todo": "to do", "not_run": "waits for other steps"}.get(outcome, printable(outcome))
