"""You applied log-softmax to probabilities; it wants the logits.

You believed that log_softmax takes the logarithm of a softmax that you have
computed. It does both itself, and when it gets numbers between 0 and 1 for
logits, all tokens come out almost equally probable.

Caught by: log_softmax.equals_the_reference
Hint: 3
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(torch.softmax(logits, dim=-1), dim=-1)  # the mistake: twice
