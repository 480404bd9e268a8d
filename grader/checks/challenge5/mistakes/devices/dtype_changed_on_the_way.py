"""You changed the dtype of the batch on its way to the device.

You believed that everything that goes into a model is float32. Tokens and
targets are ids, whole numbers that are looked up in a table, and embedding and
loss refuse floats.

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
    return tokens.to(device).float(), targets.to(device).float()  # the mistake: ids are int64


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
