"""You gave probabilities to cross_entropy; it wants the logits.

You believed that cross_entropy expects probabilities. It applies log-softmax
itself, and numbers between 0 and 1 are so close together that as logits they
leave even a perfect answer with a large loss.

Caught by: final_token_loss.equals_the_reference
Hint: 2
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(F.softmax(logits[:, -1], dim=-1), targets[:, -1])  # the mistake: twice
