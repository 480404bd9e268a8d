"""The speed of the grader, as ratios to `python -c "import torch"` measured in the same run.

    make bench        (python -m tests.measure.bench [--rounds 5])

Each round times every command once, in turn, so that a machine that slows down slows all of them. Figures are medians
over the rounds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

from grader.challenge import load_challenge
from grader.submission.isolation import PROCESS, Isolation, choose_isolation
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from tests.measure.watch_latency import latencies
from tests.submissions import SOLUTIONS

GRADE = [sys.executable, "-m", "grader", "challenge5", "--solution"]
ROOT = SOLUTIONS.parent


def import_torch() -> float:
    """Seconds of `python -c "import torch"`."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.perf_counter() - started


def checks() -> tuple[float, float]:
    """Seconds until the first result of a check is on the screen, and until all are."""
    started = time.perf_counter()
    with subprocess.Popen(
        [*GRADE, "--no-smoke", "--format", "plain"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = next(time.perf_counter() for line in process.stdout if line.startswith("  passed"))
        process.stdout.read()
    return first - started, time.perf_counter() - started


def ctrl_c_seconds() -> float:
    """Seconds from Ctrl-C in the middle of the checks to the end of the command."""
    with subprocess.Popen(
        [*GRADE, "--format", "plain"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("  passed"))
        pressed = time.perf_counter()
        process.send_signal(signal.SIGINT)
        process.communicate()
    return time.perf_counter() - pressed


def smoke_seconds() -> float:
    """Seconds of the smoke test within a whole run."""
    done = subprocess.run([*GRADE, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["smoke"]["seconds"])


def training_step(vocab_size: int, *, last_only: bool, steps: int = 10) -> float:
    """Seconds of one training step of the smoke test's model (batch 16, 32 tokens), one thread."""
    model5 = importlib.import_module("model5")
    loss_of = importlib.import_module("final_token_loss").final_token_loss
    torch.manual_seed(0)
    model = model5.Model5(vocab_size, 64, 4, 2, 32, 0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    tokens = torch.randint(0, vocab_size, (16, 32))
    seconds = []
    for _ in range(steps):
        started = time.perf_counter()
        optimizer.zero_grad()
        loss_of(model(tokens, last_only=last_only), tokens).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def child_seconds(isolation: Isolation) -> tuple[float, float, float]:
    """Seconds until a first child answers, until a replacement answers, and of one call."""
    process = ChildProcess(SOLUTIONS / "challenge5", load_challenge("challenge5").limits, isolation)
    submission = Submission(process)
    log_softmax = submission.function("log_softmax", "log_softmax")
    logits = torch.zeros(2, 3)
    try:
        first = _seconds(lambda: log_softmax(logits))
        process.end_worker()
        replacement = _seconds(lambda: log_softmax(logits))
        call = _seconds(lambda: [log_softmax(logits) for _ in range(200)]) / 200
    finally:
        process.close()
    return first, replacement, call


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    sys.path.insert(0, str(SOLUTIONS / "challenge5"))
    torch.set_num_threads(1)
    figures: dict[str, list[float]] = {}

    def note(**values: float) -> None:
        for name, value in values.items():
            figures.setdefault(name, []).append(value)

    import_torch(), checks()  # warm the disk cache
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        note(base=import_torch())
        first, all_checks = checks()
        note(first=first, all_checks=all_checks, smoke=smoke_seconds(), ctrl_c=ctrl_c_seconds())
        for isolation in (PROCESS, choose_isolation("bwrap")):
            for name, seconds in zip(("started", "replaced", "call"), child_seconds(isolation), strict=True):
                note(**{f"{name}_{isolation.name}": seconds})
        for kind, several in latencies().items():
            note(**{f"watch_{kind}": statistics.median(several)})
        for vocab_size in (2048, 50257):
            full = training_step(vocab_size, last_only=False)
            note(**{f"step_{vocab_size}": full / training_step(vocab_size, last_only=True)})
    show({name: statistics.median(values) for name, values in figures.items()})


def show(median: dict[str, float]) -> None:
    """Print the table."""
    table = Table(title="medians; ratios to `python -c 'import torch'` in the same run")
    for heading in ("what", "figure", "aim"):
        table.add_column(heading)
    base = median["base"]
    table.add_row("python -c 'import torch'", f"{base:.2f} s", "")
    table.add_row("first check on the screen", f"{median['first'] / base:.2f} x", "1.5 x")
    table.add_row("all checks of the solution", f"{median['all_checks'] / base:.2f} x", "2.5 x")
    table.add_row("smoke test", f"{median['smoke']:.1f} s", "15 s")
    table.add_row("from Ctrl-C to the end", f"{median['ctrl_c']:.2f} s", "1 s")
    table.add_row("step with last_only, vocabulary 2,048", f"{median['step_2048']:.2f} x as fast", "1.5 x")
    table.add_row("step with last_only, vocabulary 50,257", f"{median['step_50257']:.2f} x as fast", "1.5 x")
    for kind in ("right", "wrong", "wrong, explained"):
        table.add_row(
            f"grade watch, from saving a {kind} file to its verdict", f"{median[f'watch_{kind}']:.2f} s", "1 s"
        )
    for name in ("process", "bwrap"):
        table.add_row(f"first child, {name}", f"{1000 * median[f'started_{name}']:.0f} ms", "")
        table.add_row(f"replacement of a dead child, {name}", f"{1000 * median[f'replaced_{name}']:.0f} ms", "")
        table.add_row(f"one call in the child, {name}", f"{1000 * median[f'call_{name}']:.2f} ms", "")
    Console(width=90).print(table)


if __name__ == "__main__":
    main()
