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
# With scores of up to 713 the logarithm of the sum of their exp() is off by a rounding, 713 * 2**-24 = 4e-5, and so is
# each weight, of itself; outputs are of size 1 to 5. What overflows is off by infinity.
LARGE_TOLERANCE = 1e-3
# Added to the bias of queries, which are within 3 of it then, and with the sign of the scores to that of keys, which
# are spread within 9 of it. So scores are from 125 to 713, where exp() overflows from 89 on, and -100 is no mask among
# negative ones; and two scores of a row are up to 558 apart, where exp() of a difference vanishes from 104 on.
LARGE_QUERY, LARGE_KEY, SPREAD = 28.0, 14.0, 4.0


@dataclass(frozen=True)
class AttentionCase:
    """Sizes of an attention module and of its input. Input and weights follow from the seed.

    Attributes:
        large_scores: makes scores of 125 and more (1), or of -125 and less (-1). Only for a width of 1, where they are
            exact in float32 (products of two multiples of 1/32 below 32), so that all right answers agree on them.
    """

    batch: int
    time: int
    n_heads: int
    head_dim: int
    seed: int
    large_scores: int = 0

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
        scale = 0.25 if self.large_scores else 0.2
        drawn = {
            name: values(shape, self.seed + index, scale=scale) for index, (name, shape) in enumerate(shapes.items())
        }
        if self.large_scores:
            drawn["qkv.bias"][: self.embed_dim] += LARGE_QUERY
            drawn["qkv.weight"][self.embed_dim : 2 * self.embed_dim] *= SPREAD
            drawn["qkv.bias"][self.embed_dim : 2 * self.embed_dim] += self.large_scores * LARGE_KEY
        return drawn

    def build(self, function: RemoteFunction, trial: Trial, *, dropout: float, mode: str = TRAINING) -> RemoteObject:
        """Construct the learner's module with the case's weights, in this mode; tell the trial of it.

        Raises:
            Mismatch: it has not the projections that these weights belong to.
        """
        trial.note(x=self.x, n_heads=self.n_heads, dropout=dropout, mode=mode)
        if self.large_scores:
            sizes = "from 125 to 713" if self.large_scores > 0 else "from -713 to -125"
            trial.note(scores=f"q k^T / sqrt(head_dim), {sizes} here")
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
        found = output(module, self.x, large_scores=bool(self.large_scores))
        tolerance = LARGE_TOLERANCE if self.large_scores else TOLERANCE
        expect_close(found, self.expected(), tolerance=tolerance, message=message, what="the output")


def extreme_cases(seed: int) -> tuple[AttentionCase, ...]:
    """Return cases that any attention must bear: as many positions as in the lesson, and scores of either sign."""
    return (
        AttentionCase(batch=1, time=256, n_heads=1, head_dim=4, seed=seed),
        *(AttentionCase(batch=3, time=6, n_heads=1, head_dim=1, seed=seed, large_scores=sign) for sign in (1, -1)),
    )


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


def output(module: RemoteObject, x: Tensor, *, large_scores: bool = False) -> Tensor:
    """Call the module; return its output once shape and dtype are right and every number is finite.

    With `large_scores`, the message says what they do to exp().
    """
    found = expect_tensor(module.method("")(x), shape=x.shape, dtype=x.dtype, what="the output")
    why = (
        " Does exp() of a large score overflow, or do all that are left vanish, since the maximum was taken before the"
        " mask? softmax() of masked scores takes care of both."
    )
    message = f"There is NaN or infinity in the output.{why if large_scores else ''}"
    expect(bool(found.isfinite().all()), message, actual=found)
    return found
