"""You took softmax first and log afterwards; small probabilities become 0.

You believed that softmax and log, one after the other, are the same as both in
one. The softmax of a token that is 104 below the largest is exactly 0 in
float32 and its logarithm minus infinity, though the right answer is just -104.

Caught by: log_softmax.is_exact_for_huge_logits
Hint: 3
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log(torch.softmax(logits, dim=-1))  # the mistake: log(0)
