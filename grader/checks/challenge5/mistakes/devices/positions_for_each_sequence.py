"""You made position ids for every sequence; one row serves all.

You believed that each sequence needs position ids of its own. They are the
same for all, so [time] is enough: the embeddings of the positions are added to
those of every sequence.

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
    return torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)  # the mistake: [batch, time]
