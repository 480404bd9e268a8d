"""You returned the tensors where they were; nothing has moved.

You believed that tensor.to(device) moves the tensor itself, as it does with a
model, that the caller moves it, or that every accelerator is CUDA. The result
of .to(device) is a moved copy, wherever the device is, and has to be returned.

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
    tokens.to(device)  # the mistake: the moved copy is lost
    targets.to(device)
    return tokens, targets


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
