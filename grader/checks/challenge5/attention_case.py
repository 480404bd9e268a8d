"""One example for the attention checks: sizes, an input and weights, and what must come out without dropout."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st
from torch import Tensor

from grader.checking import expect, expect_close, expect_tensor
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.attention_probe import expect_projections, load_weights
from grader.checks.challenge5.strategies import SEEDS, TRAINING, values
from grader.submission.remote import RemoteFunction, RemoteObject

TOLERANCE = 2e-5  # outputs are of size 1 to 10, after four float32 products in a row


@dataclass(frozen=True)
class AttentionCase:
    """Sizes of an attention module and of its input. Input and weights follow from the seed."""

    batch: int
    time: int
    n_heads: int
    head_dim: int
    seed: int

    @property
    def embed_dim(self) -> int:
        return self.n_heads * self.head_dim

    @property
    def x(self) -> Tensor:
        """The input, `[batch, time, embed_dim]`."""
        return values((self.batch, self.time, self.embed_dim), self.seed, scale=0.5)

    @property
    def weights(self) -> dict[str, Tensor]:
        """The weights of `qkv` and `out`, by name."""
        shapes = {"qkv.weight": (3 * self.embed_dim, self.embed_dim), "qkv.bias": (3 * self.embed_dim,)}
        shapes |= {"out.weight": (self.embed_dim, self.embed_dim), "out.bias": (self.embed_dim,)}
        return {name: values(shape, self.seed + index, scale=0.2) for index, (name, shape) in enumerate(shapes.items())}

    def build(self, function: RemoteFunction, trial: Trial, *, dropout: float, mode: str = TRAINING) -> RemoteObject:
        """Construct the learner's module with the case's weights, in this mode; tell the trial of it.

        Raises:
            Mismatch: it has not the projections that these weights belong to.
        """
        trial.note(x=self.x, n_heads=self.n_heads, dropout=dropout, mode=mode)
        module = function.hold(self.embed_dim, self.n_heads, dropout)
        load_weights(module, self.weights)
        expect_projections(module, self.weights)
        module.train(mode == TRAINING)
        return module

    def expected(self) -> Tensor:
        """Return what attention without dropout makes of `x`, float64."""
        wide = {name: value.double() for name, value in self.weights.items()}
        return reference.causal_attention(wide, self.x.double(), self.n_heads)

    def expect_plain_attention(self, module: RemoteObject, message: str) -> None:
        """Fail unless the module computes attention without dropout."""
        expect_close(output(module, self.x), self.expected(), tolerance=TOLERANCE, message=message, what="the output")


def attention_cases(
    *, n_heads: tuple[int, int] = (1, 2), least_time: int = 1, largest_batch: int = 3
) -> st.SearchStrategy[AttentionCase]:
    """Draw small cases, with as many heads as `n_heads` says."""
    return st.builds(
        AttentionCase,
        batch=st.integers(1, largest_batch),
        time=st.integers(least_time, 6),
        n_heads=st.integers(*n_heads),
        head_dim=st.integers(1, 4),
        seed=SEEDS,
    )


def output(module: RemoteObject, x: Tensor) -> Tensor:
    """Call the module; return its output once shape and dtype are right and every number is finite."""
    found = expect_tensor(module.method("")(x), shape=x.shape, dtype=x.dtype, what="the output")
    expect(bool(found.isfinite().all()), "There is NaN or infinity in the output.", actual=found)
    return found
