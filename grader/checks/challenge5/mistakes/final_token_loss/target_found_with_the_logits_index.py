"""You took the target with the index of the last logits.

You believed that logits and targets always have the same length. The model may
hand over the last position only, [batch, 1, vocab], while the targets are
whole, so each has to be counted from its own end.

Caught by: final_token_loss.takes_logits_of_the_last_position_only
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    last = logits.shape[1] - 1
    return F.cross_entropy(logits[:, last], targets[:, last])  # the mistake: two lengths
