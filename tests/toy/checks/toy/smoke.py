"""The toy's smoke test: a row is pulled towards its centre, step after step, and must end there.

The parent decides: it measures on rows that the child has not seen.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from grader.checking import expect_tensor
from grader.smoke import OnProgress, SmokeOptions, SmokeWatcher
from grader.submission.remote import Submission
from grader.verdict import Outcome, SmokeResult

STEPS = 20
RATE = 0.5  # of the way to the centre, each step
# After 20 steps a mean of size up to 8 is at most 8 / 2**20 away from zero; float32 adds about as much.
BOUND = 1e-4


def prepare(options: SmokeOptions, on_progress: OnProgress = lambda read, total: None) -> Tensor:
    """Draw the rows `[rows, columns]`; another seed draws others. This challenge has no data to load."""
    return 4 + 4 * torch.rand((8, 16), generator=torch.Generator().manual_seed(options.seed))


def run(submission: Submission, prepared: Any, watch: SmokeWatcher) -> SmokeResult:
    """Pull, measure, decide."""
    centre = submission.function("centre", "centre")
    rows, losses = prepared, []
    watch.smoke_started(STEPS)
    for step in range(1, STEPS + 1):
        centred = expect_tensor(centre(rows), shape=rows.shape, dtype=torch.float32)
        rows = rows + RATE * (centred - rows)
        losses.append(_distance(rows))
        watch.smoke_step(step, losses[-1])
    watch.smoke_evaluated(STEPS, losses[-1])
    passed = losses[-1] < BOUND
    message = f"The rows ended {losses[-1]:.1e} from the centre (needed: below {BOUND:.0e})."
    return SmokeResult(
        outcome=Outcome.PASSED if passed else Outcome.FAILED,
        message=message,
        steps=STEPS,
        train_loss=tuple(losses),
        test_loss=((STEPS, losses[-1]),),
    )


def _distance(rows: Tensor) -> float:
    return float(rows.double().mean(dim=-1).abs().max())
