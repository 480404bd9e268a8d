"""You changed the sign: log-probabilities are never above 0.

You believed that this function returns the loss, which has a minus in front.
The minus belongs to the loss of step 2; here the logarithms of probabilities
stay as they are, at 0 or below.

Caught by: log_softmax.equals_the_reference
Hint: 3
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return -torch.log_softmax(logits, dim=-1)  # the mistake: the minus belongs to the loss
