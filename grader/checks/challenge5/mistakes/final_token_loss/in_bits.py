"""You measured the loss in bits; this lesson counts in nats.

You believed that the base of the logarithm is a matter of taste. All losses of
this lesson are natural logarithms, and in bits every number, and every
gradient, is 1.44 times as large.

Caught by: final_token_loss.is_log_vocab_for_constant_logits
Hint: 3
"""

import math

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -1], targets[:, -1]) / math.log(2)  # the mistake: bits
