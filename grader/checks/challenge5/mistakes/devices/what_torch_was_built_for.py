"""You ask what PyTorch was built for, and not what this machine has.

You believed that a PyTorch built for CUDA finds a GPU. The usual one for Linux
is built for CUDA and runs on machines without a GPU just as well; is_built(),
torch.version.cuda and current_accelerator() without check_available say the
same on both.

Caught by: devices.falls_back_to_the_cpu
Hint: 3
"""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the device to train on."""
    if torch.backends.cuda.is_built():  # the mistake: so it is on a machine without a GPU
        return torch.device("cuda")
    return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device."""
    tokens, targets = batch
    return tokens.to(device), targets.to(device)


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position, `[time]`."""
    return torch.arange(tokens.shape[1], device=tokens.device)
