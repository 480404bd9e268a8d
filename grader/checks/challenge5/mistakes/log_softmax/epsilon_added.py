"""You added a small number to avoid log(0); the result is now wrong.

You believed that 1e-8 is too small to matter. A token with a probability below
it gets -18.4 whatever its logit says, and hardly any gradient, so the model
cannot find out how wrong it was.

Caught by: log_softmax.is_exact_for_huge_logits
Hint: 2
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log(torch.softmax(logits, dim=-1) + 1e-8)  # the mistake: hides log(0)
