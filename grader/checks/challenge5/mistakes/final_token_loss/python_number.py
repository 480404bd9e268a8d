"""You returned a Python number; backward() needs the tensor.

You believed that the loss is just a number to print. After .item() or float()
only its value is left, and the way back to the weights, which backward()
follows, is lost.

Caught by: final_token_loss.is_a_scalar_with_a_graph
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> float:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -1], targets[:, -1]).item()  # the mistake: no tensor
