"""You cut the loss off from the logits, so no gradient flows.

You believed that only the number matters. detach(), .data and torch.tensor()
make PyTorch forget where the loss came from, so backward() has nothing to
follow and the model cannot learn.

Caught by: final_token_loss.is_a_scalar_with_a_graph
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -1].detach(), targets[:, -1])  # the mistake: no graph
