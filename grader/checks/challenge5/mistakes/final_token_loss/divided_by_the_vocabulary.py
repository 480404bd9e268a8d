"""You averaged over the vocabulary too; one entry of it is the target's.

You believed that multiplying by a one-hot row and taking the mean picks the
target's entry. The mean also counts the zeros of all other tokens, so the loss
comes out too small by a factor of the vocabulary's size.

Caught by: final_token_loss.is_log_vocab_for_constant_logits
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    log_probabilities = F.log_softmax(logits[:, -1], dim=-1)  # [batch, vocab]
    one_hot = F.one_hot(targets[:, -1], logits.shape[-1])  # [batch, vocab]
    return -(log_probabilities * one_hot).mean()  # the mistake: the mean of batch * vocab numbers
