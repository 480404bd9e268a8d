"""`grade list`: every challenge and step, and how far this learner is."""

from __future__ import annotations

from pathlib import Path

from grader.challenge import challenge_names, load_challenge
from grader.progress import load_progress
from grader.project import find_project, notes_folder

MARKS = {"passed": "✓", "todo": "○", "not_run": "·", "": "·"}


def print_overview(*, start: Path) -> None:
    """Print a line a challenge and a line a step."""
    project = find_project(start)
    for name in challenge_names():
        challenge = load_challenge(name)
        folder = project.challenge(name) if project else start.resolve()
        progress = load_progress(notes_folder(start), name, folder)
        done = sum(progress.steps.get(step.name) == "passed" for step in challenge.steps)
        print(f"{name}  {challenge.title}  ({done} of {len(challenge.steps)} steps)")
        for step in challenge.steps:
            outcome = progress.steps.get(step.name, "")
            print(f"  {MARKS.get(outcome, '✗')} {step.name:18} {_in_words(outcome)}")
        if challenge.smoke_file is not None:
            print(f"  {MARKS.get(progress.smoke, '✗')} {'smoke test':18} {_in_words(progress.smoke)}")
    if project is None:
        print("You are outside the project: go into it to see how far you are.")


def _in_words(outcome: str) -> str:
    return {"": "not graded yet", "todo": "to do", "not_run": "waits for other steps"}.get(outcome, outcome)
