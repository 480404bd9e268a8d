"""From one flat array of tokens to train and test parts, and from a part to batches of inputs and targets.

Everything here is on the CPU and int64: moving a batch to the model's device is the learner's step.
"""

import numpy as np
import torch

from grader.data.encoding import Tokens
from grader.data.errors import DataError

Batch = tuple[torch.Tensor, torch.Tensor]


def split_tokens(tokens: Tokens, *, test_share: float = 0.1) -> tuple[Tokens, Tokens]:
    """(train, test): the test part is the last `test_share` of the tokens. Both are views; they share no token."""
    if not 0.0 < test_share < 1.0:
        raise ValueError(f"test_share must lie between 0 and 1, got {test_share}")
    held_out = round(len(tokens) * test_share)
    if held_out == 0 or held_out == len(tokens):
        raise _too_few(len(tokens), needed=2, purpose="a train and a test part")
    return tokens[:-held_out], tokens[-held_out:]


def sample_batch(tokens: Tokens, *, batch_size: int, time: int, generator: torch.Generator) -> Batch:
    """`batch_size` windows from random places: inputs and targets, both int64 `[batch, time]`.

    The targets are the inputs' next tokens: `targets[:, :-1]` equals `inputs[:, 1:]`. Every start is equally likely.
    """
    if len(tokens) < time + 1:
        raise _too_few(len(tokens), needed=time + 1, purpose=f"a sequence of {time} tokens and its last target")
    starts = torch.randint(0, len(tokens) - time, (batch_size,), generator=generator).numpy()
    return _shifted(tokens[starts[:, None] + np.arange(time + 1)])  # [batch, time + 1]


def consecutive_batches(tokens: Tokens, *, batch_size: int, time: int) -> list[Batch]:
    """All full batches of windows that follow each other, for evaluation: inputs and targets, int64 `[batch, time]`.

    No token is an input twice or a target twice. What is left over at the end, less than a batch, is not used: with
    batches of one size the mean over batches is the mean over sequences.
    """
    batches = (len(tokens) - 1) // (batch_size * time)
    if batches < 1:
        purpose = f"one batch of {batch_size} sequences of {time} tokens"
        raise _too_few(len(tokens), needed=batch_size * time + 1, purpose=purpose)
    starts = np.arange(batches * batch_size).reshape(batches, batch_size) * time  # [batches, batch]
    return [_shifted(tokens[row[:, None] + np.arange(time + 1)]) for row in starts]


def _shifted(windows: Tokens) -> Batch:
    """Windows `[batch, time + 1]` → inputs and targets `[batch, time]`."""
    window_tensor = torch.from_numpy(np.asarray(windows).astype(np.int64))
    return window_tensor[:, :-1].contiguous(), window_tensor[:, 1:].contiguous()


def _too_few(tokens: int, *, needed: int, purpose: str) -> DataError:
    return DataError(
        f"{tokens} tokens are too few: {purpose} needs at least {needed}: use more documents or longer texts"
    )
