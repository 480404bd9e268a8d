"""You subtracted the maximum and stopped; the log of the sum is missing.

You believed that subtracting the largest logit makes log-probabilities of a
row. It only keeps exp() from overflowing; the exponentials sum to one only
after the logarithm of their sum is subtracted as well.

Caught by: log_softmax.probabilities_sum_to_one
Hint: 3
"""

from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return logits - logits.amax(dim=-1, keepdim=True)  # the mistake: only half of it
