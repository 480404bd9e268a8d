"""You shifted the targets once more; they are shifted already.

You believed that targets are the same tokens as the input, so that logits and
targets have to be shifted against each other. They come shifted: targets[b, t]
already is the token that follows tokens[b, t].

Caught by: final_token_loss.only_last_position_counts
Hint: 2
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    shifted_logits, shifted_targets = logits[:, :-1], targets[:, 1:]  # the mistake: once too often
    return F.cross_entropy(shifted_logits[:, -1], shifted_targets[:, -1])
