"""You sent the batch to CUDA or else to the CPU, whatever device was given.

You believed that torch.cuda.is_available() says where the batch has to go. The
model may be on another accelerator, or on the CPU of a computer with CUDA, so
only the device that is given can say it.

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
    found = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return tokens.to(found), targets.to(found)  # the mistake: not the given device


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
