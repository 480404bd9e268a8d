"""You took the softmax over the first dimension instead of the last.

You believed that dim=0 is the vocabulary. The logits may have any number of
dimensions in front, and the vocabulary is always the last one; over any other
one the probabilities of a row do not sum to one.

Caught by: log_softmax.works_on_the_last_dimension
Hint: 2
"""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits `[..., vocab]` into log-probabilities."""
    return torch.log_softmax(logits, dim=0)  # the mistake: dim=-1 is the vocabulary
