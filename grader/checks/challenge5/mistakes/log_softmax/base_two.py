"""You took logarithms to base 2; this lesson counts in nats.

You believed that the base is a matter of taste, or took log2 from information
theory. All losses of this lesson are natural logarithms, and with base 2 every
number is 1.44 times as large.

Caught by: log_softmax.equals_the_reference
Hint: 3
"""

import math

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits, dim=-1) / math.log(2)  # the mistake: bits
