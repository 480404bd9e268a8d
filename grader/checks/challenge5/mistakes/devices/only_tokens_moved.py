"""You moved the tokens to the device and left the targets behind.

You believed that only what goes into the model has to be where the model is.
The loss compares the model's output with the targets, so they have to be on
the same device too.

Caught by: devices.moves_both_parts
Hint: 2
"""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the device to train on."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return tokens.to(device), targets  # the mistake: the targets stay


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
