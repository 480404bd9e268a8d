"""You took softmax first and log afterwards; small probabilities become 0.

You believed that softmax and log, one after the other, are the same as both in
one. The softmax of a token that is 104 below the largest is exactly 0 in
float32, its logarithm minus infinity, and so the loss is infinite or NaN.

Caught by: final_token_loss.is_exact_for_huge_logits
Hint: 2
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    probabilities = torch.softmax(logits[:, -1], dim=-1)
    return F.nll_loss(torch.log(probabilities), targets[:, -1])  # the mistake: log(0)
