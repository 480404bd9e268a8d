"""You cut large logits off to keep exp() from overflowing.

You believed that logits beyond 80 do not occur, or do not matter. Two logits
that are both cut off come out equally probable, and they get no gradient, so
the model cannot tell them apart any more.

Caught by: log_softmax.is_exact_for_huge_logits
Hint: 2
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits.clamp(-80, 80), dim=-1)  # the mistake: other logits
