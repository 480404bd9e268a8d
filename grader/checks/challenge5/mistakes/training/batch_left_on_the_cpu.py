"""You left the batch on the CPU; it has to follow the model.

You believed that the model brings its input to itself, or that every
accelerator is CUDA. Moving a model moves its weights only, and with the model
on an accelerator the first lookup of a token fails.

Caught by: training.trains_on_the_accelerator
Hint: 3
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def train_step(model: nn.Module, batch: tuple[Tensor, Tensor], optimizer: torch.optim.Optimizer) -> float:
    """Update the model once on one batch; return the loss before the update."""
    model.train()
    tokens, targets = batch  # the mistake: not moved to the model's device
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
