"""You took the last sequence of the batch; the last position of each is
wanted.

You believed that logits[-1] is the last position. The first dimension is the
batch, so it is the last sequence with all of its positions, and the other
sequences teach the model nothing.

Caught by: final_token_loss.order_of_the_batch_does_not_matter
Hint: 2
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[-1], targets[-1])  # the mistake: [:, -1] is the last position
