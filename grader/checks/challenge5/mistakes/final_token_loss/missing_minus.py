"""You forgot the minus: your loss falls when the model gets worse.

You believed that the log-probability itself is the loss. It is at most 0 and
grows when the model gets better, so going downhill on it makes the right token
less and less probable.

Caught by: final_token_loss.equals_the_reference
Hint: 3
"""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of logits `[batch, time, vocab]` and targets `[batch, time]`."""
    log_probabilities = F.log_softmax(logits[:, -1], dim=-1)  # [batch, vocab]
    return log_probabilities.gather(1, targets[:, -1:]).mean()  # the mistake: no minus
