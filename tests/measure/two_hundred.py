"""No flaky verdict: grades the solution many times by the real command, and every run must find the same.

    python -m tests.measure.two_hundred [--runs 200] [--jobs 2] [--smoke]

Half of the runs draw the fixed examples of seed 0, half draw others; the seeds are printed, so that a failure can be
repeated with `grade challenge5 --solution --seed N`. Leaves with status 1 if any run fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

ROOT = Path(__file__).resolve().parents[2]
PASSED, NOT_PASSED, INTERRUPTED = 0, 1, 130
FRESH = 10**6  # fresh seeds are below: short enough to type in


@dataclass(frozen=True)
class Run:
    """One grading: how many checks it ran on how many examples, and what went wrong, empty if nothing did."""

    seed: int
    checks: int = 0
    examples: int = 0
    wrong: tuple[str, ...] = ()


@dataclass
class Gradings:
    """The command, run again and again; `living` are the processes that run just now."""

    smoke: bool
    home: str
    living: set[subprocess.Popen[str]] = field(default_factory=set)
    stopped: bool = False

    def grade(self, seed: int) -> Run:
        """Grade the solution once."""
        if self.stopped:
            return Run(seed, wrong=("not run",))
        command = [sys.executable, "-m", "grader", "challenge5", "--solution", "--format", "json", "--seed", str(seed)]
        process = subprocess.Popen(
            command + ([] if self.smoke else ["--no-smoke"]),
            cwd=ROOT,
            env={**os.environ, "XDG_STATE_HOME": self.home},  # leave what the user has reached alone
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches this script only, which passes it on
        )
        self.living.add(process)
        output, errors = process.communicate()
        self.living.discard(process)
        return self._judged(seed, process.returncode, output, errors)

    def _judged(self, seed: int, status: int, output: str, errors: str) -> Run:
        """Say what is wrong with a run: without the smoke test a run of which all is right ends in status 1."""
        due = PASSED if self.smoke else NOT_PASSED
        wrong = [f"exit status {status}, not {due}"] if status != due else []
        wrong += [f"on standard error: {errors.strip()[-500:]}"] if errors.strip() else []
        try:
            found = json.loads(output)
        except ValueError:
            return Run(seed, wrong=(*wrong, "no report"))
        parts = [*found["checks"], *([{"id": "smoke test", **(found["smoke"] or {})}] if self.smoke else [])]
        wrong += [
            f"{part['id']}: {part.get('outcome')}: {part.get('message')}"
            for part in parts
            if part.get("outcome") != "passed"
        ]
        examples = sum(check["examples"] for check in found["checks"])
        return Run(seed, len(found["checks"]), examples, tuple(wrong))

    def stop(self) -> None:
        """Begin no other run, and end those that are under way as Ctrl-C would."""
        self.stopped = True
        for process in list(self.living):
            process.send_signal(signal.SIGINT)


def seeds_for(runs: int) -> list[int]:
    """Seed 0 and fresh ones in turn."""
    fresh = random.SystemRandom()
    return [0 if number % 2 == 0 else fresh.randrange(1, FRESH) for number in range(runs)]


def finished(gradings: Gradings, seeds: list[int], jobs: int) -> Iterator[Run]:
    """Grade with each seed, `jobs` at once; the runs as they finish. Ctrl-C ends them all."""
    with ThreadPoolExecutor(jobs) as pool:
        waiting: list[Future[Run]] = [pool.submit(gradings.grade, seed) for seed in seeds]
        try:
            for future in as_completed(waiting):
                yield future.result()
        except BaseException:
            gradings.stop()
            pool.shutdown(cancel_futures=True)
            raise


def with_all_checks(runs: list[Run]) -> list[Run]:
    """Add to each run that has other numbers of checks and examples than most, that it does."""
    due = usual(runs)
    differs = "{} checks with {} examples, and most had {} with {}"
    return [
        run
        if run.wrong or (run.checks, run.examples) == due
        else Run(run.seed, run.checks, run.examples, (differs.format(run.checks, run.examples, *due),))
        for run in runs
    ]


def usual(runs: list[Run]) -> tuple[int, int]:
    """Return the most frequent numbers of checks and examples."""
    return Counter((run.checks, run.examples) for run in runs).most_common(1)[0][0]


def figure(runs: list[Run], seconds: float) -> str:
    """The line for the README."""
    failures = sum(bool(run.wrong) for run in runs)
    checks, examples = usual(runs)
    return (
        f"{len(runs)} gradings of the solution, {failures} failures: {checks} checks on {examples:,} examples"
        f" in each run, {seconds:.0f} s in all"
    )


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2, help="gradings at once")
    parser.add_argument("--smoke", action="store_true", help="with the smoke test")
    return parser.parse_args()


def main() -> int:
    options = parsed_options()
    seeds, runs, started = seeds_for(options.runs), [], time.monotonic()
    fresh = ", ".join(str(seed) for seed in seeds if seed)
    print(textwrap.fill(f"seed 0, and: {fresh}", width=100))
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="fine-dropout-") as home, Progress(console=console) as progress:
        task = progress.add_task("grading", total=len(seeds))
        try:
            for run in finished(Gradings(options.smoke, home), seeds, options.jobs):
                runs.append(run)
                progress.advance(task)
        except KeyboardInterrupt:
            progress.console.print(f"stopped after {len(runs)} of {len(seeds)} gradings")
    if not runs:
        return INTERRUPTED
    runs = with_all_checks(runs)
    for run in runs:
        for wrong in run.wrong:
            print(f"seed {run.seed}: {wrong}")
    print(figure(runs, time.monotonic() - started))
    if any(run.wrong for run in runs):
        return NOT_PASSED
    return PASSED if len(runs) == len(seeds) else INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
