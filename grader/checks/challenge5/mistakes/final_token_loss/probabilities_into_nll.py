"""You gave probabilities to the NLL loss; their logarithm is missing.

You believed that nll_loss takes the logarithm itself, as its name suggests. It
only picks the target's entry and changes its sign, so what you return is minus
a probability, a number between -1 and 0.

Caught by: final_token_loss.equals_the_reference
Hint: 2
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.nll_loss(F.softmax(logits[:, -1], dim=-1), targets[:, -1])  # the mistake: no log
