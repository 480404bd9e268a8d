"""You returned the probability of the target; its -log is the loss.

You believed that the probability measures how wrong the model is. It is large
when the model is right, and the loss is the negative logarithm of it: 0 for a
sure right answer, and more the more the model is surprised.

Caught by: final_token_loss.is_log_vocab_for_constant_logits
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    probabilities = F.softmax(logits[:, -1], dim=-1)  # [batch, vocab]
    return probabilities.gather(1, targets[:, -1:]).mean()  # the mistake: neither log nor minus
