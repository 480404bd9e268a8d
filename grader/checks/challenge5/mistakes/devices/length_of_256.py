"""You always make 256 positions, whatever the length of the tokens.

You believed that every sequence has 256 tokens because the lesson trains on
that many. A text that is just being generated is shorter, so the number of
positions has to come from tokens.shape[1].

Caught by: devices.positions_count_from_zero
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
    return tokens.to(device), targets.to(device)


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(256, device=tokens.device)  # the mistake: a fixed length
