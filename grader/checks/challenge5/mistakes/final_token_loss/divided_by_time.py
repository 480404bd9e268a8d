"""You divided the loss by the number of positions; there is one target.

You believed that the mean still has to be taken over time. Only one target of
each sequence counts, so nothing is left to average over time, and the loss
must not shrink when the sequences get longer.

Caught by: final_token_loss.is_log_vocab_for_constant_logits
Hint: 1
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -1], targets[:, -1]) / logits.shape[1]  # the mistake: one target
