"""Step 1: log-softmax, from logits to log-probabilities."""

import torch
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Turn logits into the logarithms of the probabilities that they stand for.

    For each row z of the last dimension, with one entry for each token of the vocabulary:

        l_i = z_i - log(sum over j of exp(z_j))

    Args:
        logits: `[..., vocab]`, any floating-point dtype, any number of leading dimensions (none, too).
            It is left as it was.

    Returns:
        `[..., vocab]`, same dtype and device: log-probabilities in nats, none above 0. Differentiable, and finite
        for any finite logits, 10,000 and -10,000 included.
    """
    # ---- your code: begin ----
    raise NotImplementedError("log_softmax is still to do")  # replace this line
    # ---- your code: end ----
