"""`grade hint`: one hint at a time, from a question to nearly the answer."""

from __future__ import annotations

import os
import shutil
import textwrap
from pathlib import Path

from grader.challenge import Challenge, Step, load_challenge
from grader.progress import Progress, load_progress
from grader.project import notes_folder, own_folder, submission_folder
from grader.text import shell_word
from grader.tool_options import HintOptions


def print_hint(options: HintOptions, *, start: Path) -> None:
    """Print the next hint of the step that was named, or of the first that does not pass yet.

    Raises:
        UsageError: there is no such challenge, step or folder.
    """
    challenge = load_challenge(options.challenge)
    folder = own_folder(challenge.name, start)
    if options.folder is not None:
        folder = submission_folder(challenge.name, options.folder, solution=False, start=start)
    progress = load_progress(notes_folder(start), challenge.name, folder)
    name = options.step or progress.first_open(challenge)
    if name is None:
        print(f"All steps of {challenge.name} pass: no hint needed. (grade hint {challenge.name} STEP shows one.)")
        return
    step = challenge.step(name)
    if options.everything:
        progress.hints[name] = len(step.hints)
        for number in range(len(step.hints)):
            _print(step, number)
        progress.save()
    else:
        more = next_hint_command(challenge.name, step, folder, start=start)
        print_next_hint(challenge, step, progress, more=more)


def print_next_hint(challenge: Challenge, step: Step, progress: Progress, *, more: str) -> None:
    """Print the next hint of a step, remember that, and say how to get the one after it."""
    number = progress.next_hint(step)
    progress.hints[step.name] = number + 1
    progress.save()
    _print(step, number)
    is_last = number + 1 == len(step.hints)
    print(f"\nThat was the last hint. The lesson: {_lesson(challenge)}" if is_last else f"\nNext: {more}")


def hint_for_failure(challenge: Challenge, step: Step, progress: Progress, *, more: str, fitting: str = "") -> str:
    """Return the text that a failure shows: the hint that the learner has come to, and how to get the next.

    Args:
        more: the command that shows the next hint.
        fitting: the hint that fits the mistake, where one was named; none before it is shown.
    """
    number = progress.current_hint(step)
    if fitting in step.hints:
        number = max(number, step.hints.index(fitting))
    progress.hints[step.name] = number + 1
    is_last = number + 1 == len(step.hints)
    return f"{step.hints[number]}\nMore: {f'the lesson is {_lesson(challenge)}' if is_last else more}"


def next_hint_command(challenge: str, step: Step, folder: Path, *, start: Path) -> str:
    """Return the command for the next hint on the files in a folder, to be called where the learner is."""
    command = f"grade hint {challenge} {step.name}"
    if os.path.realpath(folder) == os.path.realpath(own_folder(challenge, start)):
        return command
    from_here = os.path.relpath(folder, start)
    return f"{command} --folder {shell_word(min(from_here, str(folder), key=len))}"


def _print(step: Step, number: int) -> None:
    width = min(80, shutil.get_terminal_size().columns)
    print(f"{step.name}, hint {number + 1} of {len(step.hints)}")
    print(textwrap.fill(step.hints[number], width=width, initial_indent="  ", subsequent_indent="  "))


def _lesson(challenge: Challenge) -> str:
    return f"challenges/{challenge.name}/README.md"
