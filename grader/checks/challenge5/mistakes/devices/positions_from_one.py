"""You counted the positions from 1; they begin at 0.

You believed that the first position is number 1. The position embedding has
rows 0 to max_len - 1, so the first row would never be used and the last
position would find no row.

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
    return torch.arange(1, tokens.shape[1] + 1, device=tokens.device)  # the mistake: from 1
