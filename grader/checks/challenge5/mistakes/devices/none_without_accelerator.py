"""You return None where there is no accelerator; it must be the CPU.

You believed that PyTorch answers with the CPU when it finds no accelerator. It
answers with None, which is no device, so you have to name the CPU yourself.

Caught by: devices.falls_back_to_the_cpu
Hint: 3
"""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the device to train on."""
    return torch.accelerator.current_accelerator(check_available=True)  # the mistake: may be None


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return tokens.to(device), targets.to(device)


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
