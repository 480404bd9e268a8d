"""You gave raw logits to the NLL loss; it wants log-probabilities.

You believed that nll_loss turns logits into probabilities, as cross_entropy
does. It only picks the target's entry and changes its sign, so a model can
make this loss as small as it likes by raising all logits, and learns nothing.

Caught by: final_token_loss.equals_the_reference
Hint: 2
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.nll_loss(logits[:, -1], targets[:, -1])  # the mistake: these are logits
