"""You looked at the first sequence only; all of the batch count.

You believed that a batch holds one sequence, or took index 0 to get rid of a
dimension. The loss is the mean over all sequences of the batch, so that each
of them teaches the model something.

Caught by: final_token_loss.order_of_the_batch_does_not_matter
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[0, -1], targets[0, -1])  # the mistake: one sequence
