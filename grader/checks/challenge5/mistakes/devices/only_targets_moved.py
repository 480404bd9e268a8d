"""You moved the targets to the device and left the tokens behind.

You believed that the model brings its input to itself. Moving a model moves
its weights only, and looking up a token that is on the CPU in a table on the
GPU raises an error.

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
    return tokens, targets.to(device)  # the mistake: the tokens stay


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
