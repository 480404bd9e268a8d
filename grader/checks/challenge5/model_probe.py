"""A small Model 5 in the child, and what it must compute, in the parent."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from grader.checking import expect
from grader.checking.expect import kind_of
from grader.checks.challenge5 import reference
from grader.checks.challenge5.strategies import values
from grader.submission.remote import RemoteObject, Submission
from grader.wire import WireDevice, WireTensor

VOCAB, EMBED_DIM, N_HEADS, MAX_LEN = 7, 4, 2, 6
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class ModelProbe:
    """A held Model 5.

    Attributes:
        model: in the child, in training mode.
        state: its weights, float32, by name, as they were when the probe was built.
    """

    model: RemoteObject
    state: dict[str, Tensor]

    def now(self) -> dict[str, Tensor]:
        """Fetch the weights as they are now; fail if one is gone or has another shape."""
        now = read_state(self.model)
        same = all(name in now and now[name].shape == value.shape for name, value in self.state.items())
        expect(same, "The model's weights have other names or shapes than model5.py gives them.")
        return now

    def loss(self, batch: Batch) -> float:
        """The final-token loss without dropout, in nats."""
        tokens, targets = batch
        return reference.final_token_loss(reference.model5_logits(self.wide(), tokens, N_HEADS), targets)

    def wide(self) -> dict[str, Tensor]:
        return {name: value.double() for name, value in self.state.items()}

    def gradients(self, batch: Batch) -> dict[str, Tensor]:
        """The gradient of `loss` for every weight, float64."""
        tokens, targets = batch
        leaves = {name: value.requires_grad_() for name, value in self.wide().items()}
        logits = reference.model5_logits(leaves, tokens, N_HEADS)[:, -1]  # [batch, vocab]
        torch.nn.functional.cross_entropy(logits, targets[:, -1]).backward()
        return {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}


def build_model(submission: Submission, *, dropout: float, seed: int, device: str = "cpu") -> ModelProbe:
    """Construct a Model 5 from the learner's files, with two heads and one block, and give it weights."""
    sizes = {"vocab_size": VOCAB, "embed_dim": EMBED_DIM, "n_heads": N_HEADS, "n_blocks": 1, "max_len": MAX_LEN}
    function = submission.function("model5", "Model5")
    model = function.hold(kwargs={**sizes, "dropout": dropout})
    weights = draw_weights(seed)
    # Not strict: the learner's attention may hold more, such as a mask. Weights that are missing show in the logits.
    model.method("load_state_dict").hold(weights, kwargs={"strict": False})
    if device != "cpu":
        model.method("to").hold(WireDevice(device))
    return ModelProbe(model, weights)


def draw_weights(seed: int) -> dict[str, Tensor]:
    """Weights of a Model 5 with one block, by name, of about the size that fresh ones have."""
    norms = ("blocks.0.attention_norm", "blocks.0.mlp_norm", "final_norm")
    shapes: dict[str, tuple[int, ...]] = {
        "token_embedding.weight": (VOCAB, EMBED_DIM),
        "position_embedding.weight": (MAX_LEN, EMBED_DIM),
    }
    for name in norms:
        shapes |= {f"{name}.weight": (EMBED_DIM,), f"{name}.bias": (EMBED_DIM,)}
    for name, rows, columns in (
        ("attention.qkv", 3 * EMBED_DIM, EMBED_DIM),
        ("attention.out", EMBED_DIM, EMBED_DIM),
        ("mlp.0", 4 * EMBED_DIM, EMBED_DIM),
        ("mlp.2", EMBED_DIM, 4 * EMBED_DIM),
    ):
        shapes |= {f"blocks.0.{name}.weight": (rows, columns), f"blocks.0.{name}.bias": (rows,)}
    weights = {name: values(shape, seed + index, scale=0.25) for index, (name, shape) in enumerate(shapes.items())}
    return weights | {f"{name}.weight": weights[f"{name}.weight"] + 1 for name in norms}


def read_state(model: RemoteObject) -> dict[str, Tensor]:
    """Fetch the weights of a held model as plain CPU tensors, by name."""
    found = {}
    for name, value in model.state().items():
        expect(isinstance(value, WireTensor), f"The weight {name} of Model 5 is not a tensor.", actual=kind_of(value))
        found[name] = value.values
    return found


def make_optimizer(submission: Submission, model: RemoteObject, *, lr: float) -> RemoteObject:
    """Plain gradient descent over the model's parameters, in the child.

    Not AdamW: it turns the rounding noise of a gradient that is mathematically zero into a step of full size.
    """
    parameters = model.method("parameters").hold()
    return submission.function("torch.optim", "SGD").hold(parameters, kwargs={"lr": lr})
