"""The train and test losses of a smoke test as a PNG."""

from __future__ import annotations

from pathlib import Path

from grader.verdict import SmokeResult


def save_curves(smoke: SmokeResult, path: Path) -> Path | None:
    """Draw both curves (nats over steps) and return the path; None where it cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # half a second, and only needed here
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(range(1, len(smoke.train_loss) + 1), smoke.train_loss, linewidth=0.8, label="train (one batch a step)")
    steps, losses = zip(*smoke.test_loss, strict=True)
    axes.plot(steps, losses, marker="o", label="test (mean over batches)")
    axes.set(xlabel="step", ylabel="final-token loss (nats)", title="Smoke test")
    axes.legend()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    except OSError:
        return None
    return path
