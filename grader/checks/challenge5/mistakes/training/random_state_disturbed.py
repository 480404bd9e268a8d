"""You let evaluate() change the state of the random generator.

You believed that a measurement may set a seed, to be repeatable, or draw
random numbers, as a DataLoader or a random choice of batches does. But then
training goes on with other numbers than without the measurement, or with the
same ones after each of your calls.

Caught by: training.evaluate_changes_nothing
Hint: 1
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
    torch.manual_seed(0)  # the mistake: the training draws from the same generator
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
