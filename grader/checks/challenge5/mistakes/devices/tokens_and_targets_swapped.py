"""You returned the targets first; a batch is (tokens, targets).

You believed that the order of the two does not matter. Both have the same
shape and dtype, so nothing raises an error when they change places, and the
model learns to predict the past.

Caught by: devices.keeps_dtypes_and_values
Hint: 3
"""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the device to train on."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return targets.to(device), tokens.to(device)  # the mistake: the wrong order


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
