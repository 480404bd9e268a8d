"""You moved the batch only if there is CUDA, and then only to CUDA.

You believed that a batch belongs on CUDA if there is one, and may stay where
it is if not. The device that is given may be another accelerator, or the CPU
of a computer with CUDA, and .to(device) goes wherever it is told.

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
    if torch.cuda.is_available():  # the mistake: not the given device
        tokens, targets = tokens.cuda(), targets.cuda()
    return tokens, targets


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
