"""You moved the batch to the device that the program found, not to the given
one.

You believed that a program has one device, that of pick_device() or of a
constant at the top of the file. Somebody may run the model on the CPU of a
computer with a GPU, so the batch has to go where the argument says.

Caught by: devices.keeps_dtypes_and_values
Hint: 2
"""

import torch
from torch import Tensor

DEVICE = torch.accelerator.current_accelerator() or torch.device("cpu")


def pick_device() -> torch.device:
    """Return the device to train on."""
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return tokens.to(DEVICE), targets.to(DEVICE)  # the mistake: ignores the argument


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
