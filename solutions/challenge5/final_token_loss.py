"""Step 2: the loss on the final token only."""

import torch.nn.functional as F
from torch import Tensor


def final_token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return how surprised the model is by the last token of each sequence.

    With x_T the last target of a sequence, the loss of the sequence is -log P(x_T | all tokens before it); the loss of
    the batch is the mean over its sequences. What the model says at earlier positions does not matter.

    Args:
        logits: `[batch, time, vocab]`; or `[batch, 1, vocab]`, where the model projected the last position only.
        targets: `[batch, time]`, int64 token ids. The last column holds the tokens to predict.
            Logits and targets are left as they were.

    Returns:
        A 0-dim tensor in nats, on the device of the logits. Differentiable with respect to the logits, and finite for
        any finite logits, 10,000 and -10,000 included.
    """
    # ---- your code: begin ----
    last_logits = logits[:, -1, :]  # [batch, vocab]
    last_targets = targets[:, -1]  # [batch]
    # nll_loss picks the entry of each target, negates it and takes the mean. It expects log-probabilities: given raw
    # logits it would return a number too, and training would go wrong without an error.
    return F.nll_loss(F.log_softmax(last_logits, dim=-1), last_targets)
    # ---- your code: end ----
