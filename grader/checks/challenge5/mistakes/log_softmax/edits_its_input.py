"""You changed the caller's logits while computing.

You believed that -= and functions such as sub_() work on a copy of your own.
They write into the tensor that the caller passed, so that whoever uses the
logits afterwards finds other numbers in them.

Caught by: log_softmax.leaves_its_input_alone
Hint: 2
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    logits -= logits.amax(dim=-1, keepdim=True)  # the mistake: writes into the caller's tensor
    return logits - torch.log(torch.exp(logits).sum(dim=-1, keepdim=True))
