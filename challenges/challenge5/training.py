"""Step 5: one step of training, and an evaluation that disturbs nothing."""

from collections.abc import Iterable

import torch
from devices import batch_to_device
from final_token_loss import final_token_loss
from torch import Tensor, nn


def train_step(model: nn.Module, batch: tuple[Tensor, Tensor], optimizer: torch.optim.Optimizer) -> float:
    """Update the model once on one batch.

    Switches the model to training mode, whatever mode it is in, so that dropout is on; clears old gradients; computes
    the final-token loss and its gradients; lets the optimizer take one step. All else stays as it is: the batch, the
    model's dropout rates, the optimizer's settings; and no random generator is given a seed or an earlier state.

    Args:
        model: a `Model5`, on any device. `model(tokens, last_only=True)` projects the last position only, which is all
            that the loss needs.
        batch: `(tokens, targets)`, each `[batch, time]`, int64, on the CPU. It follows the model, not the other way
            round.
        optimizer: holds the model's parameters.

    Returns:
        The loss before the update, in nats, as a Python float.
    """
    # ---- your code: begin ----
    raise NotImplementedError("train_step is still to do")  # replace this line
    # ---- your code: end ----


def evaluate(model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Measure the mean final-token loss over some batches, with dropout off.

    Computes no gradients and changes nothing: neither the parameters nor their gradients, nor the random state, the
    dropout rates or the batches; and the model is left in the mode, training or evaluation, in which it came.

    Args:
        model: a `Model5`, on any device, in either mode.
        batches: any iterable of one or more `(tokens, targets)` as in `train_step`, all of the same size.

    Returns:
        The mean of the batches' losses, in nats, as a Python float.
    """
    # ---- your code: begin ----
    raise NotImplementedError("evaluate is still to do")  # replace this line
    # ---- your code: end ----
