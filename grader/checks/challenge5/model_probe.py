"""A small Model 5 in the child, and what it must compute, in the parent."""

from __future__ import annotations

import math
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
TELLING_EMBEDDING = torch.tensor([1.0, 0.5, -0.5, -1.0])  # [embed_dim]
# Of the probability that `loss_told_by_update` finds, at a learning rate of 0.5: an element of the bias, below 4, is
# rounded by 2e-7 at most; that comes to 3e-7 along the embedding, and to 1e-6 of the probability.
ERROR_OF_P = 2e-6
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
        """Fetch the weights as they are now; fail if one is gone or has another shape.

        What the learner's attention holds besides, such as a saved mask, is no weight and left out.
        """
        now = read_state(self.model)
        same = all(
            name in now and now[name].shape == value.shape and now[name].dtype == value.dtype
            for name, value in self.state.items()
        )
        expect(same, "The model's weights have other names, shapes or dtypes than model5.py gives them.")
        return {name: now[name] for name in self.state}

    def loss(self, batch: Batch) -> float:
        """The final-token loss without dropout, in nats."""
        tokens, targets = batch
        return reference.final_token_loss(reference.model5_logits(self.wide(), tokens, N_HEADS), targets)

    def wide(self) -> dict[str, Tensor]:
        return {name: value.double() for name, value in self.state.items()}

    def gradients(self, batch: Batch) -> dict[str, Tensor]:
        """The gradient of `loss` for every weight, float64."""
        return _gradients(self.wide(), batch)

    def lost_in_float32(self, batch: Batch, right: dict[str, Tensor]) -> dict[str, float]:
        """How far from `gradients` each of them may be in float32: by far more where a norm divides by almost zero.

        Sixteen times what plain float32 arithmetic loses here, since a right answer may round elsewhere. With 20 in a
        million added, the solution itself stayed below a seventh of that in 12,000 draws.
        """
        rounded = _gradients({name: value.clone() for name, value in self.state.items()}, batch)
        return {name: 16 * float((rounded[name] - right[name]).abs().max()) for name in right}


def _gradients(weights: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
    tokens, targets = batch
    leaves = {name: value.requires_grad_() for name, value in weights.items()}
    logits = reference.model5_logits(leaves, tokens, N_HEADS)[:, -1]  # [batch, vocab]
    torch.nn.functional.cross_entropy(logits, targets[:, -1]).backward()
    return {name: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for name, leaf in leaves.items()}


def build_model(
    submission: Submission,
    *,
    dropout: float,
    seed: int,
    device: str = "cpu",
    weights: dict[str, Tensor] | None = None,
) -> ModelProbe:
    """Construct a Model 5 from the learner's files, with two heads and one block, and give it weights.

    The weights follow from the seed if none are given.
    """
    sizes = {"vocab_size": VOCAB, "embed_dim": EMBED_DIM, "n_heads": N_HEADS, "n_blocks": 1, "max_len": MAX_LEN}
    function = submission.function("model5", "Model5")
    model = function.hold(kwargs={**sizes, "dropout": dropout})
    weights = weights or draw_weights(seed)
    # Not strict: the learner's attention may hold more, such as a mask. Weights that are missing show in the logits.
    model.method("load_state_dict").hold(weights, kwargs={"strict": False})
    if device != "cpu":
        model.method("to").hold(WireDevice(device))
    return ModelProbe(model, weights)


def draw_weights(seed: int) -> dict[str, Tensor]:
    """Weights of a Model 5 with one block, by name, of about the size that fresh ones have."""
    shapes = weight_shapes(vocab_size=VOCAB, embed_dim=EMBED_DIM, n_blocks=1, max_len=MAX_LEN)
    weights = {name: values(shape, seed + index, scale=0.25) for index, (name, shape) in enumerate(shapes.items())}
    return weights | {name: value + 1 for name, value in weights.items() if name.endswith("norm.weight")}


def steepened(weights: dict[str, Tensor], factor: float) -> dict[str, Tensor]:
    """Make the token embedding smaller by this factor, and the final norm larger by it.

    The logits of the head stay of the same size, and so do the gradients of the other weights and all that float32
    loses; the gradient of the token embedding becomes as many times larger. With a power of two nothing is rounded.
    """
    changed = {"token_embedding.weight": 1 / factor, "final_norm.weight": factor, "final_norm.bias": factor}
    return {name: value * changed.get(name, 1.0) for name, value in weights.items()}


def with_telling_bias(weights: dict[str, Tensor], target: int) -> dict[str, Tensor]:
    """Let no token but `target` have an embedding that is not zero, so that `loss_told_by_update` can be told."""
    embedding = torch.zeros(VOCAB, EMBED_DIM)
    embedding[target] = TELLING_EMBEDDING
    return {**weights, "token_embedding.weight": embedding}


def loss_told_by_update(update: Tensor, *, lr: float) -> tuple[float, float]:
    """Return the loss, in nats, of the forward pass that an update of the final norm's bias comes from; with how far
    the roundings of the update may have moved it.

    For one sequence and a model `with_telling_bias` of its last target. The logits are E x / sqrt(embed_dim), so the
    gradient of the bias is E^T (softmax - one-hot) / sqrt(embed_dim). Where E has one row e that is not zero, this is
    e (p - 1) / sqrt(embed_dim), and the loss is -log p: dropout, whatever it did, has its effect on both.
    """
    e = TELLING_EMBEDDING.double()
    p = 1 - float(update.double() @ e / (e @ e)) / lr * math.sqrt(EMBED_DIM)
    p = max(p, ERROR_OF_P)
    return -math.log(p), 1e-3 + 10 * ERROR_OF_P / p


def weight_shapes(*, vocab_size: int, embed_dim: int, n_blocks: int, max_len: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight of a Model 5 of these sizes, by name."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embedding.weight": (vocab_size, embed_dim),
        "position_embedding.weight": (max_len, embed_dim),
    }
    blocks = [f"blocks.{number}" for number in range(n_blocks)]
    for name in (*(f"{block}.{norm}" for block in blocks for norm in ("attention_norm", "mlp_norm")), "final_norm"):
        shapes |= {f"{name}.weight": (embed_dim,), f"{name}.bias": (embed_dim,)}
    for block in blocks:
        for name, rows, columns in (
            ("attention.qkv", 3 * embed_dim, embed_dim),
            ("attention.out", embed_dim, embed_dim),
            ("mlp.0", 4 * embed_dim, embed_dim),
            ("mlp.2", embed_dim, 4 * embed_dim),
        ):
            shapes |= {f"{block}.{name}.weight": (rows, columns), f"{block}.{name}.bias": (rows,)}
    return shapes


def read_state(model: RemoteObject) -> dict[str, Tensor]:
    """Fetch the weights of a held model as plain CPU tensors, by name."""
    found = {}
    for name, value in model.state().items():
        expect(isinstance(value, WireTensor), f"The weight {name} of Model 5 is not a tensor.", actual=kind_of(value))
        found[name] = value.values
    return found


def devices_of(model: RemoteObject) -> set[str]:
    """The devices on which the tensors of a held model are."""
    return {value.device for value in model.state().values() if isinstance(value, WireTensor)}


def make_optimizer(submission: Submission, probe: ModelProbe, *, lr: float, **settings: float) -> RemoteObject:
    """Gradient descent over the model's parameters, in the child, with the weights of the embeddings in a group of
    their own, as those have it who don't decay them.

    Not AdamW: it turns the rounding noise of a gradient that is mathematically zero into a step of full size.
    """
    get = probe.model.method("get_parameter").hold
    embeddings = [name for name in probe.state if "embedding" in name]
    others = [name for name in probe.state if "embedding" not in name]
    groups = [{"params": [get(name) for name in names]} for names in (embeddings, others)]
    return submission.function("torch.optim", "SGD").hold(groups, kwargs={"lr": lr, **settings})
