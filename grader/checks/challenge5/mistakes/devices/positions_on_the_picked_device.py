"""You made the position ids on the accelerator, wherever the tokens are.

You believed that the tokens are always on the device that pick_device() finds.
Somebody may run the model on the CPU of a computer with a GPU, so the
positions have to ask the tokens for their device.

Caught by: devices.positions_follow_the_tokens
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
    return torch.arange(tokens.shape[1], device=pick_device())  # the mistake: not the tokens' device
