"""You made the position ids on the CPU, wherever the tokens are.

You believed that a new tensor is made where the others are, or that every
accelerator is CUDA. Without device= it is made on the CPU, and with the tokens
on an accelerator, whatever its name, the lookup of the positions fails.

Caught by: devices.positions_follow_the_tokens
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
    return tokens.to(device), targets.to(device)


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1])  # the mistake: on the default device
