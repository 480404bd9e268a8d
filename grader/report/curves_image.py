"""The train and test losses of a smoke test as a PNG.

The picture is an extra: whatever hinders it, a run goes on to its verdict without.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from grader.verdict import SmokeResult
from grader.whole_files import write_whole


def save_curves(smoke: SmokeResult, path: Path) -> Path | None:
    """Draw both curves (nats over steps) and return the path; None where they cannot be drawn or written."""
    try:
        image = _draw(smoke)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, image)
    except Exception:  # matplotlib may raise anything, on losses beyond its arithmetic or settings that it cannot read
        return None
    return path


def _draw(smoke: SmokeResult) -> bytes:
    with _folder_for_fonts(), _default_settings(), _silence(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of arithmetic that overflows, say: nothing that a learner could mend
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # half a second, and only needed here
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.plot(
            range(1, len(smoke.train_loss) + 1), smoke.train_loss, linewidth=0.8, label="train (one batch a step)"
        )
        steps, losses = zip(*smoke.test_loss, strict=True)
        axes.plot(steps, losses, marker="o", label="test (mean over batches)")
        axes.set(xlabel="step", ylabel="final-token loss (nats)", title="Smoke test")
        axes.legend()
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=120)
        return image.getvalue()


@contextlib.contextmanager
def _default_settings() -> Iterator[None]:
    """Let matplotlib find its own settings.

    When it is imported it reads a matplotlibrc, first of all one in the current folder, which may be the learner's; and
    settings can have it run other programs, such as LaTeX.
    """
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ImportError("matplotlib is not installed")
    with contextlib.chdir(Path(spec.origin).parent / "mpl-data"):
        yield


@contextlib.contextmanager
def _folder_for_fonts() -> Iterator[None]:
    """Have matplotlib keep its list of fonts where it does so anyway; where it cannot, in a folder that goes again.

    Left to itself, it would make that folder and remove it at the end of Python, which the command does not wait for.
    """
    with contextlib.ExitStack() as at_the_end:
        folder = _usual_folder()
        if folder is None:
            folder = at_the_end.enter_context(tempfile.TemporaryDirectory(prefix="fine-dropout-"))
        before = os.environ.get("MPLCONFIGDIR")
        os.environ["MPLCONFIGDIR"] = folder
        try:
            yield
        finally:
            os.environ.pop("MPLCONFIGDIR")
            if before is not None:
                os.environ["MPLCONFIGDIR"] = before


def _usual_folder() -> str | None:
    """Return the folder in which matplotlib keeps what it has found; None if it cannot be made or written to."""
    own, cache = (os.environ.get(name) for name in ("MPLCONFIGDIR", "XDG_CACHE_HOME"))
    try:
        if own:
            folder = Path(own)
        elif sys.platform == "linux":
            folder = Path(cache or Path.home() / ".cache") / "matplotlib"
        else:
            folder = Path.home() / ".matplotlib"
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError):  # no home folder, links in a circle
        return None
    return str(folder) if os.access(folder, os.W_OK | os.X_OK) else None


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep to itself what matplotlib logs: of fonts and folders that it misses, say."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
