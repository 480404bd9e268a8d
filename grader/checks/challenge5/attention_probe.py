"""Makes attention weights visible: an attention module whose output is its weights.

With values that are one-hot vectors of the position, a head's result at position t is the row t of its weights. Each
weight comes out twice, in two columns: dropout on the weights drops both copies or none, dropout on the output drops
them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.checking import expect, expect_tensor
from grader.checks.challenge5 import reference
from grader.checks.challenge5.strategies import values
from grader.submission.remote import Answer, RemoteFunction, RemoteObject
from grader.wire import WireDevice, WireTensor


@dataclass(frozen=True)
class Probe:
    """A held attention module and what it must be asked and must answer.

    Attributes:
        module: in the child, in training mode, as constructed.
        x: `[batch, time, embed_dim]`, the input.
        state: the weights of its projections, by name.
        weights: `[batch, n_heads, time, time]`, float64, the attention weights before any dropout.
        device: where the module is, and its input goes.
    """

    module: RemoteObject
    x: Tensor
    state: dict[str, Tensor]
    weights: Tensor
    device: str = "cpu"

    def to(self, device: str) -> Probe:
        """Move the module to a device; return the probe of it there."""
        self.module.method("to").hold(WireDevice(device))
        return replace(self, device=device)

    @property
    def causal(self) -> Tensor:
        """True where a weight may be more than zero; the shape of `weights`."""
        return torch.ones_like(self.weights, dtype=torch.bool).tril()

    def observe(self, *, seed: int | None = None, no_grad: bool = False, through: RemoteObject | None = None) -> Tensor:
        """Call the module and return both copies of the weights, as `weights_in` does."""
        x = WireTensor(self.x, self.device)
        return self.weights_in((through or self.module).method("").call(x, seed=seed, no_grad=no_grad))

    def weights_in(self, answer: Answer) -> Tensor:
        """Return both copies of the weights, `[batch, n_heads, time, 2, time]`, float64, that a call has answered."""
        batch, n_heads, time, _ = self.weights.shape
        output = expect_tensor(
            answer.value, shape=self.x.shape, dtype=self.x.dtype, device=self.device, what="the output"
        )
        return output.double().view(batch, time, n_heads, 2, time).transpose(1, 2)


def load_weights(module: RemoteObject, weights: dict[str, Tensor]) -> None:
    """Copy weights into `qkv` and `out`. What else the learner's module holds, such as a mask, stays as it is."""
    module.method("load_state_dict").hold(weights, kwargs={"strict": False})


def expect_projections(module: RemoteObject, weights: dict[str, Tensor]) -> None:
    """Fail unless the module has the two projections that `__init__` is given with."""
    missing = sorted(weights.keys() - module.state().keys())
    expect(
        not missing,
        f"The module has no {' and no '.join(missing)}. __init__ is given: keep self.qkv and self.out as they were.",
    )


def build_probe(function: RemoteFunction, *, batch: int, time: int, n_heads: int, dropout: float, seed: int) -> Probe:
    """Construct the learner's module and give it weights that make it a probe."""
    head_dim = 2 * time
    embed_dim = n_heads * head_dim
    features = values((batch, time, embed_dim - time), seed, scale=0.25)
    x = torch.cat((torch.eye(time).expand(batch, time, time), features), dim=-1)  # [batch, time, embed_dim]
    queries_and_keys = values((2 * embed_dim, embed_dim), seed + 1, scale=0.1)
    one_hots = torch.zeros(embed_dim, embed_dim)  # [values of all heads, embed_dim]
    one_hots[:, :time] = torch.eye(time).repeat(2 * n_heads, 1)
    state = {
        "qkv.weight": torch.cat((queries_and_keys, one_hots)),
        "qkv.bias": torch.zeros(3 * embed_dim),
        "out.weight": torch.eye(embed_dim),
        "out.bias": torch.zeros(embed_dim),
    }
    module = function.hold(embed_dim, n_heads, dropout)
    load_weights(module, state)
    q, k = (
        part.view(batch, time, n_heads, head_dim).transpose(1, 2)  # [batch, n_heads, time, head_dim]
        for part in (x.double() @ queries_and_keys.double().T).chunk(2, dim=-1)
    )
    return Probe(module, x, state, reference.attention_weights(q, k))
