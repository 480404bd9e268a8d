"""You took exp() of the logits as they are; large ones overflow.

You believed that the formula can be typed as it stands in the book. In float32
exp(89) is already infinite and exp(-104) is 0, so the largest logit of each
row has to be subtracted first; the probabilities stay the same.

Caught by: log_softmax.is_exact_for_huge_logits
Hint: 2
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return logits - torch.log(torch.exp(logits).sum(dim=-1, keepdim=True))  # the mistake: exp() of any size
