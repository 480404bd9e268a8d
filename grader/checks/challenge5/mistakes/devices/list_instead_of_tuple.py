"""You returned a list; a batch is the tuple (tokens, targets).

You believed that list and tuple are the same to the caller. A batch is a tuple
everywhere in this lesson, and code that asks whether it got one says no to a
list.

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
    return [tokens.to(device), targets.to(device)]  # the mistake: a list


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
