"""You took one softmax over the whole tensor; each row needs its own.

You believed that the sum runs over all numbers of the tensor. Each row is a
question of its own, so the exponentials of each row must sum to one, not those
of all rows together.

Caught by: log_softmax.rows_of_very_different_size
Hint: 2
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits.flatten(), dim=0).view(logits.shape)  # the mistake: one row
