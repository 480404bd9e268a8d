"""You always pick the CPU, even where there is an accelerator.

You believed that the CPU is the safe choice because every computer has one. On
a computer with a GPU the training then runs many times slower than it could,
and nothing tells you why.

Caught by: devices.takes_the_accelerator
Hint: 3
"""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the device to train on."""
    return torch.device("cpu")  # the mistake: never looks for another one


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return tokens.to(device), targets.to(device)


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
