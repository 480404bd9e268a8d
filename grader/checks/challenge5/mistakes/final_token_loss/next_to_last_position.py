"""You looked at the next-to-last position; the last one counts here.

You believed that the last position has nothing left to predict. The targets
are already shifted by one, so the last column of the targets is the token that
follows the last token of the input.

Caught by: final_token_loss.only_last_position_counts
Hint: 1
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -2], targets[:, -2])  # the mistake: -1 is the last
