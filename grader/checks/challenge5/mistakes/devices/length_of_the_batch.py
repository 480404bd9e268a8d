"""You took the number of positions from the batch dimension.

You believed that len(tokens), or shape[0], is the length of a sequence. Tokens
are [batch, time], so that is the number of sequences, and the length of a
sequence is shape[1].

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
    return torch.arange(len(tokens), device=tokens.device)  # the mistake: tokens.shape[0]
