"""You cut the result off from the logits, so no gradient flows.

You believed that only the numbers matter. detach(), .data, numpy() and
no_grad() make PyTorch forget where the numbers came from, so backward() never
reaches the model and its weights cannot learn.

Caught by: log_softmax.gradient_equals_the_reference
Hint: 3
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits.detach(), dim=-1)  # the mistake: forgets the graph
