"""The loop of `grade watch`: grade what was saved, say the verdict, wait for the next save or key."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.challenge import Challenge, load_challenge
from grader.grading import require_a_file
from grader.hints import print_next_hint
from grader.loading import load
from grader.options import GradeOptions
from grader.progress import load_progress
from grader.project import is_barred, notes_folder, submission_folder
from grader.run import Run
from grader.submission.isolation import choose_isolation
from grader.text import printable
from grader.tool_options import WatchOptions
from grader.watch.events import Events
from grader.watch.interruptible import InterruptibleChild
from grader.watch.keys import listen_to_keys
from grader.watch.standing import Standing
from grader.watch.watch_report import WatchReport, make_inner

if TYPE_CHECKING:
    from grader.diagnosis.diagnosis import Diagnosis

KEYS = "h hint   a all, with the smoke test   q quit"
NO_KEYS = "Waiting for the next save. Ctrl-C stops."


def watch(options: WatchOptions, *, start: Path) -> None:
    """Grade the folder now and after each save, until the learner quits.

    Raises:
        UsageError, GraderError: see there.
    """
    challenge = load_challenge(options.challenge)
    folder = submission_folder(challenge.name, options.folder, solution=False, start=start)
    require_a_file(challenge, folder)
    with ExitStack() as at_the_end:
        events = at_the_end.enter_context(Events(folder))
        watcher = Watcher(options, challenge, folder, events, start)
        at_the_end.callback(watcher.close)
        has_keys = at_the_end.enter_context(listen_to_keys(events.press))
        watcher.run(KEYS if has_keys else NO_KEYS)


class Watcher:
    """Grades what is out of date, with a child that stays warm."""

    def __init__(self, options: WatchOptions, challenge: Challenge, folder: Path, events: Events, start: Path) -> None:
        self.options, self.challenge, self.folder, self.start = options, challenge, folder, start
        self.events = events
        self.isolation = choose_isolation(options.isolation)
        self.standing = Standing(challenge, folder)
        self.reason = "all steps"
        self.place: tuple[int, int] | None = None  # of the folder that the child has been given
        self.child: InterruptibleChild | None = None
        self.diagnosis: Diagnosis | None = None

    def run(self, invitation: str) -> None:
        """Grade and wait, in turn; returns when the learner quits."""
        wants_everything = False
        while True:
            if (self.standing.stale or wants_everything) and self._grade(everything=wants_everything):
                wants_everything = False
                if self.standing.stale:
                    continue  # the verdict on what was saved is there; now those that have waited for it
                print(f"\n{invitation}", flush=True)
            saved, keys = self.events.wait()
            if "q" in keys:
                return
            if saved:
                self.standing.note(saved)
                self.reason = f"{min(saved)} saved" if len(saved) == 1 else f"{len(saved)} files saved"
            wants_everything = "a" in keys or (wants_everything and not saved)
            if "h" in keys and not saved:
                self._show_hint()

    def _grade(self, *, everything: bool) -> bool:
        """Grade what is out of date; False if that was broken off, or cannot be done now."""
        if not os.access(self.folder, os.R_OK | os.X_OK):
            gone = "may not be read" if os.path.exists(self.folder) or is_barred(self.folder) else "is gone"
            print(f"{printable(str(self.folder))} {gone}. Waiting for it to come back.", flush=True)
            return False
        if not everything and self._say_what_waits():
            return True
        child = self._warm_child()
        try:
            self._run(child, everything=everything)
        except KeyboardInterrupt:
            # `OutOfDate`. Between two checks it arrives as any other; then only the events can tell.
            if not self.events.is_urgent():
                raise
            if not self.events.quits():  # the worker would be waited for, and its nursery may still be loading torch
                child.end_worker()
            return False
        child.end_worker()
        if self.diagnosis is not None:
            self.diagnosis.prepare()  # loads torch while the learner reads, so that a wrong save is named at once
        return True

    def _run(self, child: InterruptibleChild, *, everything: bool) -> None:
        load(
            "grader.warm_up", "grader.checking.runner", "grader.diagnosis.diagnosis"
        )  # imports torch, and the child is started before that
        from grader.diagnosis.diagnosis import Diagnosis

        self.diagnosis = self.diagnosis or Diagnosis(self.challenge, child)
        if everything:
            self.standing.forget()
        waiting = {} if everything else self.standing.waiting()
        names = self.standing.stale - waiting.keys()
        report = WatchReport(
            make_inner(lambda step, fitting: run.hint_for(step, fitting)),
            self.challenge,
            self.standing.earlier() | waiting,
            "everything" if everything else self.reason,
        )
        challenge = self.challenge
        if not everything:  # what these steps need is known to be green, or they would wait
            challenge = replace(challenge, steps=tuple(replace(step, needs=()) for step in challenge.steps))
        options = self._options(() if everything else tuple(names), smoke=everything)
        run = Run(options, challenge, self.folder, child, start=self.start, report=report, diagnosis=self.diagnosis)
        run.run()
        if report.shown is not None:
            self.standing.settle(report.shown, waiting)

    def _options(self, only: tuple[str, ...], *, smoke: bool) -> GradeOptions:
        return GradeOptions(
            challenge=self.challenge.name,
            folder=self.options.folder,
            solution=False,
            ref=None,
            only=only,
            smoke=smoke,
            data="sample",
            tokenizer="packaged",
            isolation=self.options.isolation,
            format=None,
            seed=0,
        )

    def _warm_child(self) -> InterruptibleChild:
        """Return the child; another one if another folder has taken the place of the one that it sees."""
        status = self.folder.stat()
        place = (status.st_dev, status.st_ino)
        if self.child is None or place != self.place:
            self.close()
            self.child = InterruptibleChild(self.folder, self.challenge.limits, self.isolation, self.events.is_urgent)
            self.place = place
        self.child.start()
        return self.child

    def _say_what_waits(self) -> bool:
        """Say so if nothing of what was saved can be graded yet."""
        waiting = self.standing.waiting()
        if self.standing.stale - waiting.keys():
            return False
        for results in waiting.values():
            print(f"\n{results[0].step}: {results[0].message}", flush=True)
        self.standing.hold(waiting)
        return True

    def _show_hint(self) -> None:
        progress = load_progress(notes_folder(self.start), self.challenge.name, self.folder)
        name = self.standing.explained or progress.first_open(self.challenge)
        if name is None:
            print("All steps pass: no hint needed.", flush=True)
            return
        print()
        print_next_hint(self.challenge, self.challenge.step(name), progress, more="press h")
        sys.stdout.flush()

    def close(self) -> None:
        """End every process."""
        if self.diagnosis is not None:
            self.diagnosis.close()
            self.diagnosis = None
        if self.child is not None:
            self.child.close()
            self.child = None
