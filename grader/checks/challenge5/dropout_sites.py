"""Models in which one dropout layer of Model 5 alone finds something to drop, so that its effect can be seen.

Of the blank token all that reaches the final norm is one constant vector, which enters just before that layer.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from grader.checking import expect
from grader.checks.challenge5.model_probe import EMBED_DIM, VOCAB, weight_shapes
from grader.checks.challenge5.strategies import values

BLANK = 0  # the token whose embedding is zero
TELLING_TARGET = 4  # of all tokens, that whose loss hangs most on the rate
CONSTANT = torch.tensor([1.0, 0.5, -0.5, -1.0])  # [embed_dim]
SITES = {  # where a layer is, and the weight by which the constant enters
    "of the embeddings": "position_embedding.weight",
    "after attention": "blocks.0.attention.out.bias",
    "after the MLP": "blocks.0.mlp.2.bias",
}
TOLERANCE = 2e-5  # logits are of size 1 to 5, in float32


def weights_for(site: str, max_len: int) -> dict[str, Tensor]:
    """Return the weights of a Model 5 with one block in which only the dropout layer at this site has any effect."""
    shapes = weight_shapes(vocab_size=VOCAB, embed_dim=EMBED_DIM, n_blocks=1, max_len=max_len)
    weights = {name: torch.full(shape, float(name.endswith("norm.weight"))) for name, shape in shapes.items()}
    weights["token_embedding.weight"] = _embedding()
    weights[SITES[site]] = CONSTANT.expand(shapes[SITES[site]]).clone()
    return weights


def _embedding() -> Tensor:
    embedding = values((VOCAB, EMBED_DIM), seed=1)
    embedding[BLANK] = 0.0
    return embedding


def expect_dropped(logits: Tensor, site: str) -> None:
    """Fail unless in each position some elements of the constant were dropped, not the same ones everywhere.

    Of 24 positions all drop the same elements with odds of 16**-23 = 2e-28.

    Args:
        logits: of blank tokens, `[batch, time, vocab]`, in training mode at rate 0.5.
    """
    possible = _possible_logits()  # [2**embed_dim, vocab]
    distance, which = (logits.double().unsqueeze(-2) - possible).abs().amax(dim=-1).min(dim=-1)  # [batch, time]
    restore = "model5.py is given: restore it if you changed it."
    expect(
        bool((which != which.flatten()[0]).any()),
        f"In training mode the dropout {site} of Model 5 drops nothing, or the same everywhere. {restore}",
    )
    expect(
        bool((distance <= TOLERANCE).all()),
        f"In training mode the logits of Model 5 are not those that the dropout {site} leads to. {restore}",
    )


def loss_at_rate_one_half() -> tuple[float, float]:
    """Return the mean and the standard deviation, in nats, of the loss of one sequence at rate 0.5.

    For a sequence that ends with the blank token, and the telling target.
    """
    losses = -F.log_softmax(_possible_logits(), dim=-1)[:, TELLING_TARGET]  # [2**embed_dim], all with the same odds
    return float(losses.mean()), float(losses.std(correction=0))


def _possible_logits() -> Tensor:
    """The logits, float64, for every choice of elements to drop: `[2**embed_dim, vocab]`."""
    kept = torch.tensor(list(itertools.product((0.0, 2.0), repeat=EMBED_DIM)), dtype=torch.float64)
    x = F.layer_norm(kept * CONSTANT, (EMBED_DIM,))
    return x @ _embedding().double().T / math.sqrt(EMBED_DIM)
