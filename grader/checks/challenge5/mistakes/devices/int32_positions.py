"""You made the position ids int32; int64 is PyTorch's dtype for ids.

You believed that a smaller integer saves memory and changes nothing. The
contract says int64, the dtype that every PyTorch function takes for ids, while
some refuse int32.

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
    return torch.arange(tokens.shape[1], device=tokens.device, dtype=torch.int32)  # the mistake: int64
