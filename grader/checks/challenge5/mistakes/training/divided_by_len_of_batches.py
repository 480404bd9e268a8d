"""You asked for len(batches), which a generator does not have.

You believed that the batches are always a list. They may come from a
generator, which makes one after the other and does not know how many there
will be: count them while you go through them.

Caught by: training.evaluate_takes_any_iterable
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
    return sum(losses) / len(batches)  # the mistake: a generator has no length
