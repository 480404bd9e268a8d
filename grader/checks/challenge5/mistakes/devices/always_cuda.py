"""You always pick CUDA, even where there is none.

You believed that every computer that trains models has an NVIDIA GPU. On a
laptop without one the first tensor that is moved there raises an error, and a
Mac's accelerator is called mps.

Caught by: devices.falls_back_to_the_cpu
Hint: 3
"""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the device to train on."""
    return torch.device("cuda")  # the mistake: not every machine has it


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return tokens.to(device), targets.to(device)


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
