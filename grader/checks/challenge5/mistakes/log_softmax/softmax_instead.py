"""You returned the probabilities; their logarithm is missing.

You believed that the loss wants probabilities, the numbers between 0 and 1
that softmax gives. It wants their logarithms, which are never above 0, and
nothing tells you when it gets something else.

Caught by: log_softmax.equals_the_reference
Hint: 3
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.softmax(logits, dim=-1)  # the mistake: no logarithm
