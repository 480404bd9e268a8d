"""Hidden checks of step 4, `CausalSelfAttention`."""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.checking import Mismatch, check, expect, expect_close, expect_equal, expect_tensor
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.attention_probe import Probe, build_probe, expect_projections, load_weights
from grader.checks.challenge5.strategies import SEEDS, values
from grader.submission.remote import RemoteFunction, RemoteObject, Submission
from grader.wire import WireTensor

ATTENTION = "attention:CausalSelfAttention"
TOLERANCE = 2e-5  # outputs are of size 1 to 10, after four float32 products in a row
RATES = (0.1, 0.25, 0.5)


def build(function: RemoteFunction, *, n_heads: int, head_dim: int, dropout: float, seed: int) -> RemoteObject:
    """Construct the learner's module, in training mode, with weights that follow from the seed."""
    embed_dim = n_heads * head_dim
    module = function.hold(embed_dim, n_heads, dropout)
    load_weights(module, weights(embed_dim, seed))
    return module


def weights(embed_dim: int, seed: int) -> dict[str, Tensor]:
    shapes = {"qkv.weight": (3 * embed_dim, embed_dim), "qkv.bias": (3 * embed_dim,)}
    shapes |= {"out.weight": (embed_dim, embed_dim), "out.bias": (embed_dim,)}
    return {name: values(shape, seed + index, scale=0.2) for index, (name, shape) in enumerate(shapes.items())}


def inputs(batch: int, time: int, embed_dim: int, seed: int) -> Tensor:
    return values((batch, time, embed_dim), seed, scale=0.5)


def wide(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.double() for name, value in state.items()}


def output(module: RemoteObject, x: Tensor, *, seed: int | None = None, no_grad: bool = False) -> Tensor:
    answer = module.method("").call(x, seed=seed, no_grad=no_grad)
    return expect_tensor(answer.value, shape=x.shape, dtype=x.dtype, what="the output")


SIZES = {"batch": st.integers(1, 3), "time": st.integers(1, 6), "head_dim": st.integers(1, 4), "seed": SEEDS}


@check(of=ATTENTION, examples=15, n_heads=st.just(1), **SIZES)
def test_equals_the_reference_in_eval_mode(
    function: RemoteFunction, trial: Trial, batch: int, time: int, n_heads: int, head_dim: int, seed: int
) -> None:
    """In evaluation mode it computes causal self-attention (one head)"""
    module = build(function, n_heads=n_heads, head_dim=head_dim, dropout=0.5, seed=seed)
    expect_projections(module, weights(n_heads * head_dim, seed))
    module.train(False)
    x = inputs(batch, time, n_heads * head_dim, seed)
    trial.note(x=x)
    expected = reference.causal_attention(wide(weights(n_heads * head_dim, seed)), x.double(), n_heads)
    message = "In evaluation mode the output is not out(softmax(q k^T / sqrt(head_dim)) v) over the past."
    expect_close(output(module, x), expected, tolerance=TOLERANCE, message=message, what="the output")


@check(of=ATTENTION, examples=12, n_heads=st.integers(2, 4), **SIZES)
def test_several_heads(
    function: RemoteFunction, trial: Trial, batch: int, time: int, n_heads: int, head_dim: int, seed: int
) -> None:
    """Several heads each attend on their own slice, and sit side by side in the output"""
    module = build(function, n_heads=n_heads, head_dim=head_dim, dropout=0.5, seed=seed)
    module.train(False)
    x = inputs(batch, time, n_heads * head_dim, seed)
    expected = reference.causal_attention(wide(weights(n_heads * head_dim, seed)), x.double(), n_heads)
    message = f"With {n_heads} heads the output is wrong. Split into heads, move the heads before time, and back again."
    expect_close(output(module, x), expected, tolerance=TOLERANCE, message=message, what="the output")


@check(of=ATTENTION, examples=5, n_heads=st.integers(1, 2), **SIZES)
def test_eval_mode_has_no_dropout(
    function: RemoteFunction, trial: Trial, batch: int, time: int, n_heads: int, head_dim: int, seed: int
) -> None:
    """In evaluation mode two calls agree, and the dropout rate does not matter"""
    x = inputs(batch, time, n_heads * head_dim, seed)
    found = []
    for dropout in (0.0, 0.9):
        module = build(function, n_heads=n_heads, head_dim=head_dim, dropout=dropout, seed=seed)
        module.train(False)
        found += [output(module, x), output(module, x)]
    for first, second, message in (
        (found[2], found[3], "In evaluation mode two calls with one input differ: dropout is still on."),
        (found[0], found[2], "In evaluation mode the output depends on the dropout rate: dropout is still on."),
    ):
        expect_close(second, first.double(), tolerance=TOLERANCE, message=message, what="the output")


@check(of=ATTENTION, examples=6, n_heads=st.integers(1, 2), **SIZES)
def test_rate_zero_drops_nothing(
    function: RemoteFunction, trial: Trial, batch: int, time: int, n_heads: int, head_dim: int, seed: int
) -> None:
    """With a dropout rate of 0, training mode computes the same as evaluation mode"""
    module = build(function, n_heads=n_heads, head_dim=head_dim, dropout=0.0, seed=seed)
    x = inputs(batch, time, n_heads * head_dim, seed)
    expected = reference.causal_attention(wide(weights(n_heads * head_dim, seed)), x.double(), n_heads)
    message = "In training mode with dropout 0.0 the output is not that of plain attention."
    expect_close(output(module, x), expected, tolerance=TOLERANCE, message=message, what="the output")


@check(of=ATTENTION, examples=8, n_heads=st.integers(1, 2), **SIZES)
def test_gradient_equals_the_reference(
    function: RemoteFunction, trial: Trial, batch: int, time: int, n_heads: int, head_dim: int, seed: int
) -> None:
    """Gradients flow back to the input and to both projections, and they are right"""
    module = build(function, n_heads=n_heads, head_dim=head_dim, dropout=0.0, seed=seed)
    x = inputs(batch, time, n_heads * head_dim, seed)
    cotangent = values(tuple(x.shape), seed + 9, scale=0.5)
    answer = module.method("").call(WireTensor(x, requires_grad=True), cotangent=cotangent)
    expect_tensor(answer.value, shape=x.shape, what="the output")
    expect(answer.gradients is not None, "No gradient flows through forward(): the output is cut off from the input.")
    found = {"x": (answer.gradients or [None])[0], **module.gradients()}
    leaves = {"x": x.double(), **wide(weights(x.shape[-1], seed))}
    for leaf in leaves.values():
        leaf.requires_grad_()
    (reference.causal_attention(leaves, leaves["x"], n_heads) * cotangent).sum().backward()
    for name, leaf in leaves.items():
        expect(found.get(name) is not None, f"No gradient reaches {name}: forward() cuts it off, or does not use it.")
        gradient = expect_tensor(found.get(name), shape=leaf.shape, what=f"the gradient of {name}")
        assert leaf.grad is not None
        message = f"The gradient of {name} is wrong."
        # Sums of up to 18 products of numbers of size 1 to 10, in float32.
        expect_close(gradient, leaf.grad, tolerance=2e-4, message=message, what=f"the gradient of {name}")


@check(of=ATTENTION, examples=8, batch=st.integers(1, 2), time=st.integers(2, 6), seed=SEEDS, training=st.booleans())
def test_no_attention_to_the_future(
    function: RemoteFunction, trial: Trial, batch: int, time: int, seed: int, training: bool
) -> None:
    """No position sees a later one"""
    module = build(function, n_heads=2, head_dim=2, dropout=0.0, seed=seed)
    module.train(training)
    x = inputs(batch, time, 4, seed)
    changed_from = 1 + seed % (time - 1)
    other = x.clone()
    other[:, changed_from:] = inputs(batch, time, 4, seed + 1)[:, changed_from:]
    trial.note(changed_from=f"position {changed_from}")
    expect_close(
        output(module, other)[:, :changed_from],
        output(module, x)[:, :changed_from].double(),
        tolerance=TOLERANCE,
        message=f"Only positions from {changed_from} on were changed, and the output before them changed too.",
        what="the output before the change",
    )


def expect_dropout(observed: Tensor, probe: Probe, dropout: float, when: str) -> Tensor:
    """Fail unless each causal weight is zero or scaled by 1/(1-p); return where they were dropped."""
    first = observed[..., 0, :]  # [batch, n_heads, time, time]
    dropped = (first == 0) & probe.causal
    kept = probe.causal & ~dropped
    expected = torch.where(kept, probe.weights / (1 - dropout), torch.zeros_like(probe.weights))
    message = f"{when}, an attention weight is neither exactly 0 nor the weight times 1/(1 - {dropout})."
    tolerance = TOLERANCE / (1 - dropout)
    try:
        expect_close(first, expected, tolerance=tolerance, message=message, what="the attention weights")
    except Mismatch:
        expect_plain_weights(probe)  # if these are wrong already, that is the better thing to say
        raise
    return dropped


def expect_plain_weights(probe: Probe) -> None:
    """Fail unless the weights are right where dropout is off."""
    probe.module.train(False)
    message = (
        "The attention weights are wrong even in evaluation mode. Look at the scale, the mask and the heads first."
    )
    observed = probe.observe()[..., 0, :]  # [batch, n_heads, time, time]
    expect_close(observed, probe.weights, tolerance=TOLERANCE, message=message, what="the attention weights")


@check(of=ATTENTION, examples=8, dropout=st.sampled_from(RATES), seed=SEEDS, time=st.integers(6, 8))
def test_dropped_or_scaled(function: RemoteFunction, trial: Trial, dropout: float, seed: int, time: int) -> None:
    """In training mode a weight is exactly zero, or scaled by 1/(1 - dropout)"""
    probe = build_probe(function, batch=4, time=time, n_heads=2, dropout=dropout, seed=seed)
    dropped = expect_dropout(probe.observe(seed=seed), probe, dropout, "In training mode")
    # 168 weights or more: with rate 0.1 the odds that none is dropped are 0.9**168 = 2e-8.
    expect(bool(dropped.any()), "In training mode no attention weight is dropped.")


@check(of=ATTENTION, examples=5, dropout=st.sampled_from(RATES), seed=SEEDS)
def test_dropout_acts_on_the_weights(function: RemoteFunction, trial: Trial, dropout: float, seed: int) -> None:
    """Dropout acts on the attention weights, not on the output"""
    probe = build_probe(function, batch=4, time=6, n_heads=2, dropout=dropout, seed=seed)
    observed = probe.observe(seed=seed)
    together = ((observed[..., 0, :] == 0) == (observed[..., 1, :] == 0))[probe.causal]
    expect(
        bool(together.all()),
        "Dropout is in the wrong place: entries of the output are dropped one by one. Dropping an attention weight"
        " removes a position's value vector as a whole.",
    )


@check(of=ATTENTION, examples=4, seed=SEEDS)
def test_drops_each_weight_by_itself(function: RemoteFunction, trial: Trial, seed: int) -> None:
    """Each weight is dropped or kept by itself: sequences, heads and positions do not share a mask"""
    probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=0.5, seed=seed)
    dropped = expect_dropout(probe.observe(seed=seed), probe, 0.5, "In training mode")
    expect(bool(dropped.any()), "In training mode no attention weight is dropped.")
    # Two independent masks of 36 weights are the same with odds of 2**-36; a shared mask is the same always.
    for dim, shared in ((0, "all sequences of the batch"), (1, "all heads")):
        first = dropped.narrow(dim, 0, 1).expand_as(dropped)
        expect(
            not torch.equal(dropped, first), f"In training mode {shared} drop the same weights: draw a mask for each."
        )
    last_two = dropped[:, :, -2:, :-1]  # [batch, n_heads, 2, time - 1], what both positions see; 56 pairs
    expect(
        not torch.equal(last_two[:, :, 0], last_two[:, :, 1]),
        "In training mode all positions drop the same weights: draw a mask for each.",
    )


@check(of=ATTENTION, examples=len(RATES))
def test_dropped_share(function: RemoteFunction, trial: Trial) -> None:
    """The share of dropped weights is the dropout rate, for several rates"""
    for dropout in RATES:
        probe = build_probe(function, batch=8, time=16, n_heads=2, dropout=dropout, seed=5)
        dropped = [expect_dropout(probe.observe(seed=seed), probe, dropout, "In training mode") for seed in range(3)]
        count = 3 * int(probe.causal.sum())  # 6528 weights
        share = sum(int(mask.sum()) for mask in dropped) / count
        # Six standard deviations of a binomial share: a right answer fails with odds below 1e-8, and with our seeds
        # it draws the same numbers each time.
        bound = 6 * math.sqrt(dropout * (1 - dropout) / count)
        trial.note(dropout=dropout)
        expect(
            abs(share - dropout) <= bound,
            f"With dropout={dropout} another share of the weights is dropped, of {count} weights.",
            expected=f"{dropout} (from {dropout - bound:.3f} to {dropout + bound:.3f})",
            actual=f"{share:.3f}",
        )
        trial.count()


@check(of=ATTENTION, examples=4, dropout=st.sampled_from(RATES), seed=SEEDS)
def test_training_mode_differs_from_call_to_call(
    function: RemoteFunction, trial: Trial, dropout: float, seed: int
) -> None:
    """In training mode each call drops other weights"""
    probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=dropout, seed=seed)
    first, second = probe.observe(seed=seed), probe.observe()
    # 288 weights: with rate 0.1 the odds that both calls drop the same ones are (0.82)**288 < 1e-24.
    expect(
        not torch.equal(first, second), "In training mode two calls give the same output: no dropout, or a fixed one."
    )


@check(of=ATTENTION, examples=2)
def test_follows_every_switch(function: RemoteFunction, submission: Submission, trial: Trial) -> None:
    """train() and eval() count every time, also through a parent module and inside no_grad"""
    for no_grad in (False, True):
        probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=0.5, seed=3)
        parent = submission.function("torch.nn", "Sequential").hold(probe.module)
        for switched, through in ((probe.module, probe.module), (parent, parent)):
            for training in (True, False, True, False):
                switched.train(training)
                where = "through a parent module, " if switched is parent else ""
                when = f"After {where}train({training})" + (", inside no_grad()" if no_grad else "")
                trial.note(switch=when)
                expect_mode(probe, probe.observe(seed=7, no_grad=no_grad, through=through), training, when)
        trial.count()


def expect_mode(probe: Probe, observed: Tensor, training: bool, when: str) -> None:
    """Fail unless dropout (rate 0.5) was on while training, and off otherwise."""
    if training:
        dropped = expect_dropout(observed, probe, 0.5, when)
        expect(bool(dropped.any()), f"{when}, no attention weight is dropped: dropout is off while training.")
        return
    off = ((observed[..., 0, :] == 0) & probe.causal).any()
    expect(not bool(off), f"{when}, attention weights are dropped: dropout is on in evaluation mode.")
    message = f"{when}, the attention weights are not those of plain attention."
    expect_close(observed[..., 0, :], probe.weights, tolerance=TOLERANCE, message=message, what="the weights")


@check(of=ATTENTION, examples=5, training=st.booleans(), dropout=st.sampled_from((0.0, *RATES)), seed=SEEDS)
def test_mode_is_read_not_changed(
    function: RemoteFunction, trial: Trial, training: bool, dropout: float, seed: int
) -> None:
    """forward() reads the mode and never changes it"""
    module = build(function, n_heads=2, head_dim=2, dropout=dropout, seed=seed)
    module.train(training)
    before = module.modes()
    output(module, inputs(2, 3, 4, seed))
    after = module.modes()
    message = "forward() switched the module between training and evaluation mode."
    expect_equal(after, before, message)
