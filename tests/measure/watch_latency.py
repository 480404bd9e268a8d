"""Seconds from saving a file, right or wrong, to the verdict of `grade watch` on the screen of a real terminal.

python -m tests.measure.watch_latency
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from grader.challenge import load_challenge
from tests.command.conftest import copy_project
from tests.command.terminal import Terminal, open_terminal
from tests.submissions import SOLUTIONS, edit

KEYS = "q quit"  # stands below every verdict
WRONG = {
    "log_softmax.py": ("amax", "amin"),
    "final_token_loss.py": ("logits[:, -1, :]", "logits[:, 0, :]"),
    "devices.py": (", device=tokens.device", ""),
    "attention.py": ("self.dropout if self.training else 0.0", "self.dropout"),
    "training.py": ("optimizer.zero_grad()", "pass"),
}


def latencies() -> dict[str, list[float]]:
    """Return the seconds of each save, right or wrong, until the verdict and until all that is said of it is there."""
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        folder = project / "challenges" / "challenge5"
        texts = {
            step.file: (SOLUTIONS / "challenge5" / step.file).read_text() for step in load_challenge("challenge5").steps
        }
        for name, text in texts.items():
            (folder / name).write_text(text)
        terminal = open_terminal(project, Path(scratch), "watch", "challenge5")
        try:
            terminal.read_until(KEYS)
            time.sleep(4.0)  # the child for the diagnosis is started in advance, beside the learner's reading
            return _saved_in_turn(terminal, folder, texts)
        finally:
            terminal.press("q")
            terminal.read_to_the_end()


def _saved_in_turn(terminal: Terminal, folder: Path, texts: dict[str, str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {kind: [] for kind in ("right", "wrong", "right, explained", "wrong, explained")}
    for name, text in texts.items():
        for kind, content in (("wrong", edit(text, *WRONG[name])), ("right", text + "\n")):
            terminal.output = ""
            started = time.perf_counter()
            (folder / name).write_text(content)
            mark = "✓" if kind == "right" else "✗"
            terminal.read_until(f"{mark} {name.removesuffix('.py')} ")  # the step's line: the verdict on the saved file
            found[kind].append(time.perf_counter() - started)
            terminal.read_until(KEYS)
            found[f"{kind}, explained"].append(time.perf_counter() - started)  # with the mistake's name and a hint
            time.sleep(0.5)
    return found


def main() -> None:
    for kind, seconds in latencies().items():
        shown = ", ".join(f"{second:.2f}" for second in seconds)
        print(f"{kind:16} median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s  ({shown})")


if __name__ == "__main__":
    main()
