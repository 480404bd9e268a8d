"""Compares answers that depend on random draws, which two ways to write the same thing may draw differently.

Each example is asked many times, with another draw each time. Two answers are alike if what never changes is the same,
and if the shares of zeros, the means and the mean squares differ by no more than chance allows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from grader.diagnosis.recording import Reply
from grader.wire import WireOpaque, WireTensor

DRAWS = 16  # of each example
# Standard errors by which two statistics of the same distribution may differ. With 16 draws each, and a few hundred
# comparisons for a mistake, the odds that chance alone exceeds this are about 1 in 1000; then nothing is claimed.
MAX_DEVIATIONS = 5.5
ROUNDING = 1e-4  # of statistics, relative

Draws = Sequence[Sequence[Reply]]  # one list of replies for each draw


def alike(mine: Draws, theirs: Draws) -> bool:
    """True if both may be draws of the same distribution."""
    shapes = {_shape(replies) for replies in (*mine, *theirs)}
    if len(shapes) != 1:
        return False  # they do not always answer with the same kind of thing: nothing to compare
    pairs = zip(_by_tensor(mine), _by_tensor(theirs), strict=True)
    return all(_alike(one, other) for one, other in pairs)


def _alike(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Compare two matrices `[draws, elements]`."""
    fixed = (one == one[0]).all(dim=0) & (other == other[0]).all(dim=0)  # [elements]
    if not _close(one[0, fixed], other[0, fixed]):
        return False
    return all(_same_mean(*pair) for pair in zip(_statistics(one), _statistics(other), strict=True))


def _statistics(draws: torch.Tensor) -> list[torch.Tensor]:
    """Return a few figures of each draw, `[draws]` each."""
    if draws.shape[1] == 0:
        return []
    usual = torch.isfinite(draws)
    values = torch.where(usual, draws, torch.zeros_like(draws))
    zeros = (draws == 0).double()
    return [
        (~usual).double().mean(dim=1), zeros.mean(dim=1), values.mean(dim=1), values.square().mean(dim=1),
        values.square().mean(dim=1).sqrt() * zeros.mean(dim=1),
    ]  # fmt: skip


def _same_mean(one: torch.Tensor, other: torch.Tensor) -> bool:
    difference = abs(float(one.mean() - other.mean()))
    error = math.sqrt(float(one.var() + other.var()) / len(one))
    scale = max(float(one.abs().max()), float(other.abs().max()))
    return difference <= MAX_DEVIATIONS * error + ROUNDING * scale


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    scale = max([1.0, *(float(side.nan_to_num(0.0, 0.0, 0.0).abs().max()) for side in (one, other) if side.numel())])
    return torch.allclose(one, other, rtol=0.0, atol=ROUNDING * scale, equal_nan=True)


def _shape(value: Any) -> Any:
    """Return all of a reply that is no floating-point number, in a form that can be compared."""
    if isinstance(value, WireTensor):
        facts = (value.device, value.requires_grad, str(value.values.dtype), tuple(value.values.shape))
        return facts if value.values.is_floating_point() else (*facts, tuple(value.values.flatten().tolist()))
    if isinstance(value, dict):
        return tuple((name, _shape(item)) for name, item in sorted(value.items(), key=str) if name not in IGNORED)
    if isinstance(value, list | tuple):
        return (type(value).__name__, *map(_shape, value))
    if isinstance(value, WireOpaque):
        return value.type_name
    return float if isinstance(value, float) else value


IGNORED = ("id", "line", "file", "from_line", "from_file", "text")  # of a reply, and of a problem in it


def _by_tensor(draws: Draws) -> list[torch.Tensor]:
    """Return the floating-point numbers, `[draws, elements]` for each tensor or number of a reply."""
    found = [_numbers(list(replies)) for replies in draws]
    return [torch.stack(tensors) for tensors in zip(*found, strict=True)]


def _numbers(value: Any) -> list[torch.Tensor]:
    if isinstance(value, WireTensor):
        return [value.values.double().flatten()] if value.values.is_floating_point() else []
    if isinstance(value, float):
        return [torch.tensor([value], dtype=torch.float64)]
    if isinstance(value, dict):
        return [tensor for _, item in sorted(value.items(), key=str) for tensor in _numbers(item)]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in _numbers(item)]
    return []
