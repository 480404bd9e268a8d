"""You smoothed the targets; the loss wants the whole weight on one token.

You believed that label smoothing is a harmless improvement. It asks the model
for a little of every token, so the number is no longer -log P(target) and
cannot be compared with the other losses of this lesson.

Caught by: final_token_loss.equals_the_reference
Hint: 2
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    return F.cross_entropy(logits[:, -1], targets[:, -1], label_smoothing=0.1)  # the mistake
