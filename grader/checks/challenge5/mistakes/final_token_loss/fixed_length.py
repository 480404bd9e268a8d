"""You wrote the length of a sequence into the code; it may be any.

You believed that every sequence has 256 tokens because the lesson trains on
that many. The function has to work for any length, and an index from the end,
-1, is the last position of all of them.

Caught by: final_token_loss.equals_the_reference
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, 255], targets[:, 255])  # the mistake: only right for 256 tokens
