"""Hidden checks of step 4, `CausalSelfAttention`."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.checking import Mismatch, check, expect, expect_close, expect_equal, expect_tensor
from grader.checking.display import device_name
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.attention_case import (
    TOLERANCE,
    AttentionCase,
    attention_cases,
    extreme_cases,
    output,
)
from grader.checks.challenge5.attention_probe import Probe, build_probe
from grader.checks.challenge5.random_state import expect_no_seed
from grader.checks.challenge5.strategies import EVALUATION, MODES, SEEDS, TRAINING, values
from grader.submission.remote import RemoteFunction, Submission
from grader.wire import WireDevice, WireTensor

ATTENTION = "attention:CausalSelfAttention"
RATES = (0.1, 0.25, 0.5, 0.75)
WRONG_OUTPUT = "The output is not out(softmax(q k^T / sqrt(head_dim)) v) over the past."
ACCELERATOR_TOLERANCE = 1e-2  # real accelerators multiply matrices with less precision than the CPU


@check(of=ATTENTION, examples=5, case=attention_cases())
def test_eval_mode_has_no_dropout(function: RemoteFunction, trial: Trial, case: AttentionCase) -> None:
    """In evaluation mode nothing is dropped, whatever the dropout rate"""
    found = []
    for dropout in (0.0, 0.9):
        module = case.build(function, trial, dropout=dropout, mode=EVALUATION)
        found += [output(module, case.x), output(module, case.x)]
    message = (
        "In evaluation mode two calls with one input differ, even with dropout=0.0. Is a rate written into the code, or"
        " does forward() make new weights?"
    )
    expect_close(found[1], found[0].double(), tolerance=TOLERANCE, message=message, what="the output")
    message = "In evaluation mode two calls with one input differ: dropout is still on."
    expect_close(found[3], found[2].double(), tolerance=TOLERANCE, message=message, what="the output")
    message = "In evaluation mode the output depends on the dropout rate"
    try:
        expect_close(found[2], found[0].double(), tolerance=TOLERANCE, message=message, what="the output")
    except Mismatch as mismatch:
        mismatch.message = f"{message}: {why_the_rate_counts(function)}"
        raise


def why_the_rate_counts(function: RemoteFunction) -> str:
    """Find out, with more weights than an example has as a rule, what the rate does in evaluation mode."""
    probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=0.5, seed=3)
    probe.module.train(False)
    if torch.equal(probe.observe(seed=1), probe.observe(seed=2)):
        return "something is scaled by it. With dropout off, nothing is to be scaled."
    return "dropout is still on."


@check(of=ATTENTION, examples=12, case=attention_cases(n_heads=(1, 1)))
def test_equals_the_reference_in_eval_mode(function: RemoteFunction, trial: Trial, case: AttentionCase) -> None:
    """In evaluation mode it computes causal self-attention (one head)"""
    case.expect_plain_attention(
        case.build(function, trial, dropout=0.5, mode=EVALUATION),
        WRONG_OUTPUT,
    )


@check(of=ATTENTION, examples=9)
def test_bears_extremes(function: RemoteFunction, trial: Trial) -> None:
    """It bears sequences of 256 tokens, and very large scores"""
    for case in (case for same in zip(*map(extreme_cases, range(3)), strict=True) for case in same):
        module = case.build(function, trial, dropout=0.5, mode=EVALUATION)
        size = f"{case.time} positions" if not case.large_scores else "very large scores"
        case.expect_plain_attention(module, f"With {size} the output is no longer that of causal self-attention.")
        module.train(True)  # with dropout on, an answer may take another way
        trial.note(mode=TRAINING)
        output(module, case.x, large_scores=bool(case.large_scores))
        trial.count()


@check(of=ATTENTION, examples=12, case=attention_cases(n_heads=(2, 4)))
def test_several_heads(function: RemoteFunction, trial: Trial, case: AttentionCase) -> None:
    """Several heads each attend on their own slice of the width"""
    case.expect_plain_attention(
        case.build(function, trial, dropout=0.5, mode=EVALUATION),
        f"With {case.n_heads} heads the output is wrong. Are they moved before time, and back?",
    )


@check(of=ATTENTION, examples=6, case=attention_cases())
def test_rate_zero_drops_nothing(function: RemoteFunction, trial: Trial, case: AttentionCase) -> None:
    """With dropout 0, training mode computes the same as evaluation mode"""
    module = case.build(function, trial, dropout=0.0)
    case.expect_plain_attention(module, "With dropout 0.0 the output in training mode is not that of plain attention.")


@check(of=ATTENTION, examples=8, case=attention_cases(), mode=MODES)
def test_gradient_equals_the_reference(function: RemoteFunction, trial: Trial, case: AttentionCase, mode: str) -> None:
    """Gradients reach the input and both projections, and are right"""
    module = case.build(function, trial, dropout=0.0, mode=mode)
    cotangent = values(tuple(case.x.shape), case.seed + 9, scale=0.5)
    answer = module.method("").call(WireTensor(case.x, requires_grad=True), cotangent=cotangent)
    expect_tensor(answer.value, shape=case.x.shape, what="the output")
    found = {"x": (answer.gradients or [None])[0], **module.gradients()}
    right = _gradients({"x": case.x, **case.weights}, case.n_heads, cotangent)
    expect_gradients(found, right, "" if mode == TRAINING else " in evaluation mode")


def expect_gradients(found: dict[str, Any], right: dict[str, Tensor], when: str = "") -> None:
    """Fail unless the gradient of the input and of every weight is right; `when` is put behind what is said."""
    for name, expected in right.items():
        gradient = found.get(name)
        expect(gradient is not None, f"No gradient reaches {name}{when}: forward() cuts it off, or does not use it.")
        # Sums of up to 18 products of numbers of size 1 to 10, in float32.
        expect_close(
            expect_tensor(gradient, shape=expected.shape, what=f"the gradient of {name}"),
            expected,
            tolerance=2e-4,
            message=f"The gradient of {name} is wrong{when}.",
            what=f"the gradient of {name}",
        )


def _gradients(
    values_by_name: dict[str, Tensor], n_heads: int, cotangent: Tensor, factors: Tensor | float = 1.0
) -> dict[str, Tensor]:
    """Return the right gradients of sum(cotangent * output), float64: of the input "x", and of every weight."""
    leaves = {name: value.double().requires_grad_() for name, value in values_by_name.items()}
    result = reference.causal_attention(leaves, leaves["x"], n_heads, factors)
    gradients = torch.autograd.grad((result * cotangent).sum(), list(leaves.values()))
    return dict(zip(leaves, gradients, strict=True))


@check(of=ATTENTION, examples=8, case=attention_cases(n_heads=(2, 2), least_time=3), mode=MODES)
def test_no_attention_to_the_future(function: RemoteFunction, trial: Trial, case: AttentionCase, mode: str) -> None:
    """No position sees a later one"""
    module = case.build(function, trial, dropout=0.0, mode=mode)
    changed_from = 1 + case.seed % (case.time - 1)
    other = case.x
    other[:, changed_from:] = values(tuple(other.shape), case.seed + 1, scale=0.5)[:, changed_from:]
    trial.note(changed_from=f"position {changed_from}")
    # One module, asked for a short sequence before the long ones and after them: what it keeps from a call, a mask say,
    # must fit the next one as well.
    short = case.x[:, :changed_from]
    first, after_change, whole, last = (output(module, x) for x in (short, other, case.x, short))
    expect_close(
        after_change[:, :changed_from],
        whole[:, :changed_from].double(),
        tolerance=TOLERANCE,
        message=f"Only positions from {changed_from} on were changed, and the output before them changed too.",
        what="the output before the change",
    )
    for found in (first, last):
        expect_close(
            found,
            whole[:, :changed_from].double(),
            tolerance=TOLERANCE,
            message=f"Without the positions from {changed_from} on, the output before them is another one. Does"
            " something that is kept from an earlier call, a mask say, not fit this one?",
            what="the output of the first positions",
        )


def expect_dropout(
    observed: Tensor, probe: Probe, dropout: float, when: str, *, tolerance: float = TOLERANCE
) -> Tensor:
    """Fail unless each causal weight is zero or scaled by 1/(1-p), and some are zero; return where they are.

    By chance none is zero with odds of at most 0.9**336 = 4e-16, since no probe with rate 0.1 has fewer than 336
    weights, and none with 0.5 fewer than 80.
    """
    first = observed[..., 0, :]  # [batch, n_heads, time, time]
    dropped = (first == 0) & probe.causal
    expected = torch.where(probe.causal & ~dropped, probe.weights / (1 - dropout), torch.zeros_like(probe.weights))
    message = f"{when} an attention weight is neither exactly 0 nor the weight times 1/(1 - {dropout})."
    scaled = tolerance / (1 - dropout)
    try:
        expect_close(first, expected, tolerance=scaled, message=message, what="the attention weights")
    except Mismatch:
        expect_plain_weights(probe, tolerance)  # if these are wrong already, that is the better thing to say
        expect_some_dropped(dropped, first, probe, when, tolerance)
        raise
    expect_some_dropped(dropped, first, probe, when, tolerance)
    return dropped


def expect_some_dropped(dropped: Tensor, observed: Tensor, probe: Probe, when: str, tolerance: float) -> None:
    """Fail if no attention weight is dropped; say whether dropout is off, or acts on something else."""
    unchanged = bool(((observed - probe.weights).abs() <= tolerance).all())
    why = (
        "dropout is off."
        if unchanged
        else "dropout changes all of them a little. Does it act on the scores, before the softmax, or on q or k?"
    )
    expect(bool(dropped.any()), f"{when} no attention weight is dropped: {why}")


def expect_plain_weights(probe: Probe, tolerance: float) -> None:
    """Fail unless the weights are right where dropout is off."""
    probe.module.train(False)
    message = (
        "The attention weights are wrong even in evaluation mode. Look at the scale, the mask and the heads first."
    )
    observed = probe.observe()[..., 0, :]  # [batch, n_heads, time, time]
    expect_close(observed, probe.weights, tolerance=tolerance, message=message, what="the attention weights")


@check(of=ATTENTION, examples=8, dropout=st.sampled_from(RATES), seed=SEEDS, time=st.integers(6, 8))
def test_dropped_or_scaled(function: RemoteFunction, trial: Trial, dropout: float, seed: int, time: int) -> None:
    """In training mode a weight is 0, or scaled by 1/(1 - dropout)"""
    probe = build_probe(function, batch=8, time=time, n_heads=2, dropout=dropout, seed=seed)
    expect_dropout(probe.observe(seed=seed), probe, dropout, "In training mode")


@check(of=ATTENTION, examples=5, dropout=st.sampled_from(RATES), seed=SEEDS)
def test_dropout_acts_on_the_weights(function: RemoteFunction, trial: Trial, dropout: float, seed: int) -> None:
    """Dropout acts on the attention weights, not on the output"""
    probe = build_probe(function, batch=4, time=6, n_heads=2, dropout=dropout, seed=seed)
    observed = probe.observe(seed=seed)
    # No chance in this: a right answer drops both copies of a weight or none.
    together = ((observed[..., 0, :] == 0) == (observed[..., 1, :] == 0))[probe.causal]
    expect(
        bool(together.all()),
        "Dropout is in the wrong place: entries of the output are dropped one by one. Dropping an attention weight"
        " removes a position's value vector as a whole.",
    )


@check(of=ATTENTION, examples=4, seed=SEEDS)
def test_drops_each_weight_by_itself(function: RemoteFunction, trial: Trial, seed: int) -> None:
    """Sequences, heads and positions have dropout masks of their own"""
    probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=0.5, seed=seed)
    dropped = expect_dropout(probe.observe(seed=seed), probe, 0.5, "In training mode")
    # A shared mask is the same always; of 4 sequences two have the same independent masks of 2 * 36 weights with odds
    # of 6 * 2**-72 = 1e-21, and 2 heads those of 4 * 36 weights with odds of 2**-144.
    for dim, sharing in ((0, "sequences of the batch"), (1, "heads")):
        alike = any(torch.equal(one, other) for one, other in combinations(dropped.unbind(dim), 2))
        expect(not alike, f"In training mode {sharing} drop the same weights: draw a mask for each.")
    last = dropped[:, :, -1]  # [batch, n_heads, time], 8 rows of 8 weights: odds of 2**-56
    expect(
        not torch.equal(last.all(-1), last.any(-1)),
        "In training mode a position drops all of its weights, or none: draw for each weight.",
    )
    last_two = dropped[:, :, -2:, :-1]  # [batch, n_heads, 2, time - 1], what both positions see
    # 56 pairs of weights, which are alike by chance with odds of 2**-56 = 1e-17.
    expect(
        not torch.equal(last_two[:, :, 0], last_two[:, :, 1]),
        "In training mode all positions drop the same weights: draw a mask for each.",
    )


@check(of=ATTENTION, examples=len(RATES))
def test_dropped_share(function: RemoteFunction, trial: Trial) -> None:
    """The share of dropped weights is the dropout rate"""
    for dropout in RATES:
        probe = build_probe(function, batch=8, time=16, n_heads=2, dropout=dropout, seed=5)
        trial.note(dropout=dropout)
        dropped = [expect_dropout(probe.observe(seed=seed), probe, dropout, "In training mode") for seed in range(3)]
        count = 3 * int(probe.causal.sum())  # 6528 weights
        share = sum(int(mask.sum()) for mask in dropped) / count
        # Six standard deviations of a binomial share. By the exact tails of the four distributions a right answer
        # fails with odds of 1e-8 in all; the seeds are the same in every run, so that it does so always or never.
        bound = 6 * math.sqrt(dropout * (1 - dropout) / count)
        expect(
            abs(share - dropout) <= bound,
            f"With dropout={dropout} another share of the weights is dropped, of {count} weights.",
            expected=f"{dropout} (from {dropout - bound:.3f} to {dropout + bound:.3f})",
            actual=f"{share:.3f}",
        )
        if dropout == 0.5:
            expect_every_weight_has_its_turn(torch.cat(dropped), probe.causal[0, 0])
        trial.count()


def expect_every_weight_has_its_turn(dropped: Tensor, causal: Tensor) -> None:
    """Fail if the weight of some position on another is never dropped, or always, at a rate of 0.5.

    There are 48 masks, 3 calls of 8 sequences and 2 heads, and 136 weights in each: 272 * 2**-48 = 1e-12 are the odds.
    """
    times = dropped.flatten(0, 1).sum(0)  # [time, time]
    for often, count in (("never", 0), ("always", dropped.shape[0] * dropped.shape[1])):
        places = ((times == count) & causal).nonzero().tolist()
        where = f"position {places[0][0]} on position {places[0][1]}" if places else ""
        expect(not places, f"With dropout=0.5 the weight of {where} is {often} dropped: all have the same odds.")


@check(of=ATTENTION, examples=4, seed=SEEDS)
def test_gradient_with_dropout(function: RemoteFunction, trial: Trial, seed: int) -> None:
    """With dropout, gradients flow through the weights that were kept"""
    dropout, n_heads = 0.5, 2
    probe = build_probe(function, batch=4, time=4, n_heads=n_heads, dropout=dropout, seed=seed)
    cotangent = values(tuple(probe.x.shape), seed + 9, scale=0.5)
    trial.note(x=probe.x, n_heads=n_heads, dropout=dropout, mode=TRAINING)
    call = probe.module.method("").call(WireTensor(probe.x, requires_grad=True), cotangent=cotangent, seed=seed)
    dropped = expect_dropout(probe.weights_in(call), probe, dropout, "In training mode")
    found = {"x": (call.gradients or [None])[0], **probe.module.gradients()}
    right = _gradients({"x": probe.x, **probe.state}, n_heads, cotangent, (~dropped).double() / (1 - dropout))
    expect_gradients(found, right, " with dropout on")


@check(of=ATTENTION, examples=4, dropout=st.sampled_from(RATES), seed=SEEDS)
def test_training_mode_differs_from_call_to_call(
    function: RemoteFunction, submission: Submission, trial: Trial, dropout: float, seed: int
) -> None:
    """In training mode each call drops other weights"""

    def two_calls(seed_before: int) -> tuple[Tensor, Tensor, list[str]]:
        probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=dropout, seed=seed)
        return probe.observe(seed=seed_before), probe.observe(), submission.random_state()

    first, second, random_state = two_calls(seed)
    # 288 weights: with rate 0.1 the odds that both calls drop the same ones are 0.82**288 = 2e-25.
    expect(
        not torch.equal(first, second), "In training mode two calls give the same output: no dropout, or a fixed one."
    )
    third, _, other_state = two_calls(seed ^ 1)  # of 32 bits like the other, which is all that NumPy takes
    *_, state_again = two_calls(seed)
    expect_no_seed(
        random_state,
        state_again,
        other_state,
        "forward() gives a random generator a seed, so that what is dropped does not follow from the caller's. Leave"
        " the seed to the caller.",
    )
    expect(
        not torch.equal(first, third),
        "After another seed a new module drops the same weights: forward() draws from a random generator that has a"
        " seed of its own. All blocks of a model would drop the same. Draw from PyTorch's own generator.",
    )


@check(of=ATTENTION, examples=2)
def test_follows_every_switch(function: RemoteFunction, submission: Submission, trial: Trial) -> None:
    """train() and eval() count every time, also on a parent module"""
    seen = []  # all answers before the first verdict: what is always on is also on where it would have been right
    for where, first in (("", True), (" of a parent module", False)):
        probe = build_probe(function, batch=4, time=8, n_heads=2, dropout=0.5, seed=3)
        switched = submission.function("torch.nn", "Sequential").hold(probe.module) if where else probe.module
        for training in (first, not first, first, not first):
            switched.train(training)
            for no_grad in (False, True):
                when = f"After train({training}){where}" + (", inside no_grad()," if no_grad else "")
                trial.note(after=when.removeprefix("After "))
                seen.append((when, probe, training, probe.observe(seed=7, no_grad=no_grad, through=switched)))
    for when, probe, training, observed in seen:
        trial.note(after=when.removeprefix("After "))
        expect_mode(probe, observed, training, when)
    trial.count(2)


def expect_mode(probe: Probe, observed: Tensor, training: bool, when: str) -> None:
    """Fail unless dropout (rate 0.5) was on while training, and off otherwise."""
    if training:
        expect_dropout(observed, probe, 0.5, when)
        return
    dropped = ((observed[..., 0, :] == 0) & probe.causal).any()
    expect(not bool(dropped), f"{when} attention weights are dropped: dropout is on in evaluation mode.")
    message = f"{when} the attention weights are not those of plain attention."
    expect_close(observed[..., 0, :], probe.weights, tolerance=TOLERANCE, message=message, what="the weights")


@check(
    of=ATTENTION, examples=5, case=attention_cases(), mode=MODES, dropout=st.sampled_from((0.0, *RATES))
)  # fmt: skip
def test_mode_is_read_not_changed(
    function: RemoteFunction, trial: Trial, case: AttentionCase, mode: str, dropout: float
) -> None:
    """forward() reads the mode and never changes it"""
    module = case.build(function, trial, dropout=dropout, mode=mode)
    before = module.modes()
    output(module, case.x)
    after = module.modes()
    message = "forward() switched the module between training and evaluation mode."
    expect_equal(after, before, message)


@check(of=ATTENTION, examples=3, case=attention_cases(), mode=MODES)
def test_runs_on_the_accelerator(
    function: RemoteFunction, submission: Submission, trial: Trial, case: AttentionCase, mode: str
) -> None:
    """On the accelerator, all that forward() makes is there as well"""
    for device in submission.accelerators():
        module = case.build(function, trial, dropout=0.0 if mode == TRAINING else 0.5, mode=mode)
        case.expect_plain_attention(module, WRONG_OUTPUT)
        module.method("to").hold(WireDevice(device))
        trial.note(device=device_name(device))
        answer = module.method("")(WireTensor(case.x, device))
        expect_close(
            expect_tensor(answer, shape=case.x.shape, device=device, what="the output"),
            case.expected(),
            tolerance=ACCELERATOR_TOLERANCE,
            message=f"On {device} the output is another one than on the CPU.",
            what="the output",
        )
        probe = build_probe(function, batch=4, time=4, n_heads=2, dropout=0.5, seed=case.seed).to(device)
        trial.note(x=probe.x, n_heads=2, dropout=0.5, mode=TRAINING)
        when = f"On {device}, in training mode,"
        expect_dropout(probe.observe(seed=case.seed), probe, 0.5, when, tolerance=ACCELERATOR_TOLERANCE)
