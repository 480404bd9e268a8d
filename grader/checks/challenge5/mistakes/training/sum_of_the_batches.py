"""You added the losses of the batches up and never divided.

You believed that a sum is as good as a mean. With twice as many batches it is
twice as large, so that it can be compared neither with the training loss nor
with another evaluation.

Caught by: training.evaluate_is_the_mean_over_all_batches
Hint: 3
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def train_step(model: nn.Module, batch: tuple[Tensor, Tensor], optimizer: torch.optim.Optimizer) -> float:
    """Update the model once on one batch; return the loss before the update."""
    model.train()
    device = next(model.parameters()).device
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
    return sum(losses)  # the mistake: not divided by their number
