"""You moved the batch to the device that the program found, not to the
model's.

You believed that the model is always on the device that pick_device() finds.
Its owner may keep it on the CPU of a computer with a GPU, so the batch has to
ask the model: next(model.parameters()).device.

Caught by: training.returns_the_loss_before_the_update
Hint: 3
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def train_step(model: nn.Module, batch: tuple[Tensor, Tensor], optimizer: torch.optim.Optimizer) -> float:
    """Update the model once on one batch; return the loss before the update."""
    model.train()
    found = torch.accelerator.current_accelerator(check_available=True)  # as pick_device() does
    device = found or torch.device("cpu")  # the mistake: the model may be elsewhere
    tokens, targets = (part.to(device) for part in batch)
    logits = model(tokens, last_only=True)  # [batch, 1, vocab]
    loss = F.cross_entropy(logits[:, -1], targets[:, -1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Return the mean loss over the batches."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    losses = []
    with torch.no_grad():
        for batch in batches:
            tokens, targets = (part.to(device) for part in batch)
            logits = model(tokens, last_only=True)  # [batch, 1, vocab]
            losses.append(F.cross_entropy(logits[:, -1], targets[:, -1]).item())
    model.train(was_training)
    return sum(losses) / len(losses)
