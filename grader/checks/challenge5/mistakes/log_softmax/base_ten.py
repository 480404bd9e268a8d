"""You took logarithms to base 10; this lesson counts in nats.

You believed that log on paper means log10, as on a calculator. All losses of
this lesson are natural logarithms, torch.log, and with base 10 every number is
less than half as large.

Caught by: log_softmax.equals_the_reference
Hint: 3
"""

import math

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits, dim=-1) / math.log(10)  # the mistake: base 10
