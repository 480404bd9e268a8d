"""You sent the batch to CUDA, whatever device was given.

You believed that moving to the GPU means .cuda(), or "cuda" written out. Both
ignore the device that you are given and fail on a computer without CUDA,
whereas .to(device) goes wherever it is told.

Caught by: devices.moves_both_parts
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
    return tokens.cuda(), targets.cuda()  # the mistake: not the given device


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
