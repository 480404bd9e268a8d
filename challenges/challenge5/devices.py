"""Step 3: devices. The batch, the targets and the position ids go where the model is."""

import torch
from torch import Tensor


def pick_device() -> torch.device:
    """Return the machine's accelerator (CUDA, MPS, ...) if there is one, else the CPU.

    Returns:
        The device to train on. `torch.accelerator` knows every kind of accelerator.
    """
    # ---- your code: begin ----
    raise NotImplementedError("pick_device is still to do")  # replace this line
    # ---- your code: end ----


def batch_to_device(batch: tuple[Tensor, Tensor], device: torch.device) -> tuple[Tensor, Tensor]:
    """Move both parts of a batch to a device.

    Args:
        batch: the tuple `(tokens, targets)`, each `[batch, time]`, of any integer dtype, on any device.
        device: where both shall be. Use this one, not the one that `pick_device` would pick.

    Returns:
        The tuple `(tokens, targets)` on the device, values and dtypes as they were.
    """
    # ---- your code: begin ----
    raise NotImplementedError("batch_to_device is still to do")  # replace this line
    # ---- your code: end ----


def position_ids(tokens: Tensor) -> Tensor:
    """Return the number of each position: 0, 1, ..., time - 1.

    Args:
        tokens: `[batch, time]`, int64, on any device.

    Returns:
        `[time]`, int64, on the device of `tokens`: the position embedding is looked up with it there.
    """
    # ---- your code: begin ----
    raise NotImplementedError("position_ids is still to do")  # replace this line
    # ---- your code: end ----
