"""You returned one loss for each sequence; their mean is wanted.

You believed that the caller takes the mean. The loss is one number for the
whole batch, a tensor without dimensions, because backward() can only start
from one number.

Caught by: final_token_loss.is_a_scalar_with_a_graph
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -1], targets[:, -1], reduction="none")  # the mistake
