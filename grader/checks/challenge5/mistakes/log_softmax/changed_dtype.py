"""You turned the logits into float32 and returned float32.

You believed that every tensor is float32, or that float() does no harm. A
caller who works in bfloat16 or float64 gets back another dtype, which the next
operation may refuse.

Caught by: log_softmax.keeps_the_dtype
Hint: 3
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits.float(), dim=-1)  # the mistake: another dtype
