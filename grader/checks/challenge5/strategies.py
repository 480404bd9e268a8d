"""The inputs that Hypothesis draws: small shapes, and values that are easy to read in a counterexample.

Only the shape and a seed are drawn; the values follow from the seed. So an example costs little, and the smallest
counterexample is the one with the smallest shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

SEEDS = st.integers(0, 2**32 - 1)
TRAINING, EVALUATION = "training", "evaluation"  # the modes of a module
MODES = st.sampled_from((TRAINING, EVALUATION))


def values(shape: tuple[int, ...], seed: int, *, scale: float = 1.0) -> Tensor:
    """Whole and half numbers from -4 to 4, times `scale`, in float32."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-8, 9, shape, generator=generator) * (scale / 2)


def token_ids(shape: tuple[int, ...], vocab: int, seed: int) -> Tensor:
    """Token ids from 0 to vocab - 1, int64."""
    return torch.randint(0, vocab, shape, generator=torch.Generator().manual_seed(seed))


@st.composite
def logits(
    draw: st.DrawFn, *, dimensions: tuple[int, int] = (1, 3), scale: float = 1.0, largest_size: int = 4
) -> Tensor:
    """Logits with 1 to 3 dimensions, or as many as `dimensions` says, at least 2 entries in the last."""
    leading = draw(st.lists(st.integers(1, largest_size), min_size=dimensions[0] - 1, max_size=dimensions[1] - 1))
    vocab = draw(st.integers(2, 6))
    return values((*leading, vocab), draw(SEEDS), scale=scale)


@dataclass(frozen=True)
class LossCase:
    """Inputs of the final-token loss: logits `[batch, time, vocab]`, targets `[batch, time]`."""

    logits: Tensor
    targets: Tensor

    @property
    def sizes(self) -> tuple[int, int, int]:
        batch, time, vocab = self.logits.shape
        return batch, time, vocab


@st.composite
def loss_cases(draw: st.DrawFn, *, least_batch: int = 1, least_time: int = 1) -> LossCase:
    batch = draw(st.integers(least_batch, least_batch + 3))
    time = draw(st.integers(least_time, least_time + 4))
    vocab = draw(st.integers(2, 6))
    seed = draw(SEEDS)
    return LossCase(values((batch, time, vocab), seed), token_ids((batch, time), vocab, seed + 1))


@st.composite
def huge_loss_cases(draw: st.DrawFn) -> LossCase:
    """Logits from -10,000 to 10,000: far apart in every row, or close together and far from those of other rows."""
    case = draw(loss_cases())
    if draw(st.booleans()):
        return LossCase(case.logits * 2500, case.targets)
    offsets = draw(st.lists(st.sampled_from((9996.0, -9996.0, 0.0)), min_size=case.sizes[0], max_size=case.sizes[0]))
    return LossCase(case.logits + torch.tensor(offsets)[:, None, None], case.targets)


@st.composite
def token_batches(draw: st.DrawFn, *, vocab: int, largest_time: int) -> tuple[Tensor, Tensor]:
    """A batch `(tokens, targets)`, each `[batch, time]`, int64."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, largest_time)))
    seed = draw(SEEDS)
    return token_ids(shape, vocab, seed), token_ids(shape, vocab, seed + 1)


def batches_of(seed: int, count: int, *, vocab: int, time: int) -> list[tuple[Tensor, Tensor]]:
    """Return some batches `(tokens, targets)` of two sequences each."""
    shape = (2, time)
    return [(token_ids(shape, vocab, seed + 2 * i), token_ids(shape, vocab, seed + 2 * i + 1)) for i in range(count)]


def lists_of_batches(
    *, vocab: int, largest_time: int, least: int = 1
) -> st.SearchStrategy[list[tuple[Tensor, Tensor]]]:
    """Draw up to twelve batches of one size, `least` or more."""
    return st.builds(batches_of, SEEDS, st.integers(least, 12), vocab=st.just(vocab), time=st.integers(1, largest_time))
