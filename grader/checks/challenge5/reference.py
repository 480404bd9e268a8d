"""What the right answers are: plain arithmetic in float64, in the parent, independent of every learner file.

Sources: log-softmax and the log-sum-exp shift, Goodfellow, Bengio and Courville (2016), "Deep Learning", section 4.1;
attention, Vaswani et al. (2017), "Attention Is All You Need", section 3.2; the pre-norm block, Radford et al. (2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor


def log_softmax(logits: Tensor) -> Tensor:
    """Log-probabilities, float64, of logits `[..., vocab]`."""
    z = logits.double()
    shifted = z - z.amax(dim=-1, keepdim=True)
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def log_softmax_gradient(logits: Tensor, cotangent: Tensor) -> Tensor:
    """Gradient of sum(cotangent * log_softmax(logits)): c_i - p_i * sum over j of c_j."""
    c = cotangent.double()
    return c - log_softmax(logits).exp() * c.sum(dim=-1, keepdim=True)


def rounding(logits: Tensor) -> Tensor:
    """How far a right log-softmax `[..., 1]` may be off, in nats: four roundings of the row's largest number.

    z - logsumexp(z) subtracts two numbers as large as the largest logit, each rounded to the dtype. bfloat16 rounds
    so coarsely that two roundings are allowed only.
    """
    largest = logits.double().abs().amax(dim=-1, keepdim=True) + math.log(logits.shape[-1]) + 1
    return (2 if logits.dtype is torch.bfloat16 else 4) * torch.finfo(logits.dtype).eps * largest


def final_token_loss(logits: Tensor, targets: Tensor) -> float:
    """Mean over the batch of -log P(last target), in nats; logits `[batch, time, vocab]`, targets `[batch, time]`."""
    log_probabilities = log_softmax(logits[:, -1])  # [batch, vocab]
    return -log_probabilities.gather(1, targets[:, -1:]).mean().item()


def final_token_loss_gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """(softmax - one-hot) / batch at the last position, zero elsewhere; `[batch, time, vocab]`, float64."""
    gradient = torch.zeros(logits.shape, dtype=torch.float64)
    one_hot = F.one_hot(targets[:, -1], logits.shape[-1])
    gradient[:, -1] = (log_softmax(logits[:, -1]).exp() - one_hot) / logits.shape[0]
    return gradient


def attention_weights(q: Tensor, k: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(head_dim)) over the positions up to the query's own.

    q, k: `[..., time, head_dim]`; returns `[..., time, time]`.
    """
    time, head_dim = q.shape[-2:]
    scores = q @ k.transpose(-2, -1) / math.sqrt(head_dim)  # [..., time, time]
    future = torch.ones(time, time, dtype=torch.bool).triu(diagonal=1)
    return scores.masked_fill(future, -math.inf).softmax(dim=-1)


def causal_attention(state: Mapping[str, Tensor], x: Tensor, n_heads: int, factors: Tensor | float = 1.0) -> Tensor:
    """Multi-head attention; `state` holds qkv and out, x is `[batch, time, embed_dim]`.

    Dropout has multiplied the attention weights `[batch, head, time, time]` with these factors, 0 or 1/(1-p).
    """
    batch, time, embed_dim = x.shape
    projected = F.linear(x, state["qkv.weight"], state["qkv.bias"])  # [batch, time, 3 * embed_dim]
    shape = (batch, time, n_heads, embed_dim // n_heads)
    q, k, v = (part.reshape(shape).transpose(1, 2) for part in projected.chunk(3, dim=-1))  # [batch, head, time, dim]
    mixed = (attention_weights(q, k) * factors) @ v  # [batch, head, time, dim]
    joined = mixed.transpose(1, 2).reshape(batch, time, embed_dim)
    return F.linear(joined, state["out.weight"], state["out.bias"])


def model5_logits(state: Mapping[str, Tensor], tokens: Tensor, n_heads: int, *, last_only: bool = False) -> Tensor:
    """Logits of Model 5 without dropout, for weights named as in `model5.py`.

    Returns `[batch, time, vocab]`, or `[batch, 1, vocab]` with `last_only`. Computes in the dtype of the weights, and
    carries gradients to them.
    """
    embed_dim = state["token_embedding.weight"].shape[1]
    positions = state["position_embedding.weight"][: tokens.shape[1]]  # [time, embed_dim]
    x = state["token_embedding.weight"][tokens] + positions  # [batch, time, embed_dim]
    n_blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("blocks."))
    for block in range(n_blocks):
        own = _inside(state, f"blocks.{block}.")
        x = x + causal_attention(_inside(own, "attention."), _norm(own, "attention_norm", x), n_heads)
        hidden = F.gelu(F.linear(_norm(own, "mlp_norm", x), own["mlp.0.weight"], own["mlp.0.bias"]))
        x = x + F.linear(hidden, own["mlp.2.weight"], own["mlp.2.bias"])
    if last_only:
        x = x[:, -1:]  # [batch, 1, embed_dim]
    x = _norm(state, "final_norm", x)
    return x @ state["token_embedding.weight"].T / math.sqrt(embed_dim)


def _inside(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _norm(state: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"])
