"""Hidden checks of step 2, `final_token_loss(logits, targets)`."""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.checking import check, expect, expect_close, expect_tensor
from grader.checking.display import device_name
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.strategies import SEEDS, LossCase, huge_loss_cases, loss_cases, token_ids, values
from grader.submission.remote import Answer, RemoteFunction, Submission
from grader.wire import WireTensor

LOSS = "final_token_loss:final_token_loss"
# Logits are at most 4 in size, so that a loss is at most about 10 nats: a few float32 roundings of that.
TOLERANCE = 1e-5
WRONG_LOSS = "The loss is not the mean over the batch of -log P(last target)."


def ask(function: RemoteFunction, trial: Trial, logits: Tensor, targets: Tensor) -> Tensor:
    """Ask for the loss; return it once it is a 0-dim tensor."""
    trial.note(logits=logits, targets=targets)
    return expect_tensor(function(logits, targets), shape=(), what="the loss")


def expect_loss(actual: Tensor, expected: float, message: str, *, tolerance: float = TOLERANCE) -> None:
    wanted = torch.tensor(expected, dtype=torch.float64)
    expect_close(actual, wanted, tolerance=tolerance, message=message, what="the loss")


def ask_with_gradient(function: RemoteFunction, trial: Trial, case: LossCase) -> tuple[Tensor, Tensor]:
    """Ask for the loss and its gradient; return both once they are there and of the right shape."""
    trial.note(logits=case.logits, targets=case.targets)
    answer = function.call(WireTensor(case.logits, requires_grad=True), case.targets, cotangent=torch.tensor(1.0))
    loss = expect_tensor(answer.value, shape=(), what="the loss")
    (gradient,) = answer.gradients or [None]
    expect(
        gradient is not None,
        "No gradient flows: the loss is cut off from the logits (by .item(), detach(), .data, torch.tensor() or"
        " no_grad()).",
    )
    return loss, expect_tensor(gradient, shape=case.logits.shape, what="the gradient")


@check(of=LOSS, examples=100, case=loss_cases())
def test_equals_the_reference(function: RemoteFunction, trial: Trial, case: LossCase) -> None:
    """The loss is the mean of -log P(last target)"""
    actual = ask(function, trial, case.logits, case.targets)
    expect_loss(actual, reference.final_token_loss(case.logits, case.targets), WRONG_LOSS)


@check(of=LOSS, examples=10, batch=st.integers(1, 4), time=st.integers(1, 5), vocab=st.integers(2, 50), seed=SEEDS)
def test_is_log_vocab_for_constant_logits(
    function: RemoteFunction, trial: Trial, batch: int, time: int, vocab: int, seed: int
) -> None:
    """A model that knows nothing has a loss of log(vocab)"""
    constant = float(seed % 9 - 4)
    targets = token_ids((batch, time), vocab, seed)
    actual = ask(function, trial, torch.full((batch, time, vocab), constant), targets)
    expect_loss(actual, math.log(vocab), f"With equal logits for all {vocab} tokens the loss must be log({vocab}).")


@check(of=LOSS, examples=15, case=loss_cases(least_batch=2, least_time=3), seed=SEEDS)
def test_only_last_position_counts(function: RemoteFunction, trial: Trial, case: LossCase, seed: int) -> None:
    """Logits and targets before the last position do not matter"""
    batch, time, vocab = case.sizes
    logits, targets = values((batch, time, vocab), seed, scale=2), token_ids((batch, time), vocab, seed)
    logits[:, -1], targets[:, -1] = case.logits[:, -1], case.targets[:, -1]
    trial.note(logits=case.logits, targets=case.targets)
    answer = function.call(case.logits, case.targets, echo=True)
    before = expect_tensor(answer.value, shape=(), what="the loss")
    expect_left_alone(answer, case)
    after = ask(function, trial, logits, targets)
    trial.note(logits=case.logits, targets=case.targets, other_logits=logits, other_targets=targets)
    expect_loss(
        after, before.item(), "Two batches differ only before the last position, and their losses are not the same."
    )


def expect_left_alone(answer: Answer, case: LossCase) -> None:
    """Fail if the call wrote into its logits or targets.

    Whoever writes over the earlier targets to get rid of them changes the caller's batch, which evaluate() may be given
    again.
    """
    arguments = answer.arguments or [None, None]
    for name, given, found in zip(("logits", "targets"), (case.logits, case.targets), arguments, strict=True):
        left = expect_tensor(found, shape=given.shape, what=f"the {name} after the call")
        expect(
            torch.equal(left, given),
            f"The call changed the {name}, which are the caller's: an assignment to a slice, or a function such as"
            " sub_(), writes into them. Work on a clone().",
            expected=given,
            actual=left,
        )


@check(of=LOSS, examples=16, case=loss_cases())
def test_gradient(function: RemoteFunction, trial: Trial, case: LossCase) -> None:
    """Its gradient is (softmax - one-hot)/batch, at the end only"""
    _, gradient = ask_with_gradient(function, trial, case)
    expected = reference.final_token_loss_gradient(case.logits, case.targets)
    earlier = gradient[:, :-1]
    expect(
        bool((earlier == 0).all()),
        "Positions before the last get a gradient; it must be exactly zero there.",
        expected=torch.zeros_like(earlier),
        actual=earlier,
    )
    expect_close(
        gradient[:, -1],
        expected[:, -1],
        tolerance=1e-6,  # entries are at most 1
        message="The gradient at the last position is not (softmax - one-hot) / batch.",
        what="the gradient at the last position",
    )


@check(of=LOSS, examples=8, case=loss_cases(), copies=st.integers(2, 4))
def test_is_a_mean_over_the_batch(function: RemoteFunction, trial: Trial, case: LossCase, copies: int) -> None:
    """Repeating the batch changes nothing: it is a mean, no sum"""
    once = ask(function, trial, case.logits, case.targets).item()
    repeated = ask(function, trial, case.logits.repeat(copies, 1, 1), case.targets.repeat(copies, 1))
    expect_loss(repeated, once, f"The batch holds the same sequences {copies} times, so that its loss stays the same.")


@check(of=LOSS, examples=8, case=loss_cases(least_batch=2), seed=SEEDS)
def test_order_of_the_batch_does_not_matter(function: RemoteFunction, trial: Trial, case: LossCase, seed: int) -> None:
    """The order of the sequences in the batch does not matter"""
    order = torch.randperm(case.sizes[0], generator=torch.Generator().manual_seed(seed))
    shuffled = ask(function, trial, case.logits[order], case.targets[order])
    expect_loss(
        shuffled,
        ask(function, trial, case.logits, case.targets).item(),
        "With the sequences in another order the loss is another one.",
    )


@check(
    of=LOSS, examples=12, batch=st.integers(1, 2), time=st.integers(1, 2), vocab=st.integers(2, 4), last=st.booleans(),
    seed=SEEDS,
)  # fmt: skip
def test_edges_count_like_any_other(
    function: RemoteFunction, trial: Trial, batch: int, time: int, vocab: int, last: bool, seed: int
) -> None:
    """The first and last id, and sizes of 1, count like any other"""
    logits = values((batch, time, vocab), seed)
    targets = torch.full((batch, time), vocab - 1 if last else 0)
    actual = ask(function, trial, logits, targets)
    expect_loss(
        actual, reference.final_token_loss(logits, targets), "This edge case gives another loss than it should."
    )


@check(of=LOSS, examples=8, case=loss_cases(least_time=2))
def test_takes_logits_of_the_last_position_only(function: RemoteFunction, trial: Trial, case: LossCase) -> None:
    """Logits may be [batch, 1, vocab], the last position only"""
    only_last = case.logits[:, -1:]
    actual = ask(function, trial, only_last, case.targets)
    expect_loss(
        actual,
        reference.final_token_loss(only_last, case.targets),
        "With logits [batch, 1, vocab] and targets [batch, time], the last target belongs to the only position.",
    )


@check(of=LOSS, examples=5, case=loss_cases())
def test_is_a_scalar_with_a_graph(function: RemoteFunction, trial: Trial, case: LossCase) -> None:
    """It is a 0-dim tensor that loss.backward() can start from"""
    trial.note(logits=case.logits, targets=case.targets)
    loss = function(WireTensor(case.logits, requires_grad=True), case.targets)
    expect_tensor(loss, shape=(), what="the loss")
    expect(loss.requires_grad, "The loss carries no graph, so that loss.backward() would fail.")


@check(of=LOSS, examples=16, case=huge_loss_cases())
def test_is_exact_for_huge_logits(function: RemoteFunction, trial: Trial, case: LossCase) -> None:
    """Huge logits, up to 10,000, give an exact loss and gradient"""
    loss, gradient = ask_with_gradient(function, trial, case)
    expect(
        bool(torch.isfinite(loss)),
        "For huge logits the loss is NaN or infinite. Does exp() overflow, or a probability become 0 before the log?",
        actual=loss,
    )
    # Each sequence's loss is off by a rounding of its largest logit, and so is the mean of the losses, which are at
    # most twice as large; a log-probability that is off by so much makes a probability, at most 1, off by as much.
    tolerance = 4 * float(reference.rounding(case.logits[:, -1]).max())
    expect_loss(
        loss,
        reference.final_token_loss(case.logits, case.targets),
        "For huge logits the loss is wrong. Does exp() overflow, or a probability vanish before the log?",
        tolerance=tolerance,
    )
    expect_close(
        gradient,
        reference.final_token_loss_gradient(case.logits, case.targets),
        tolerance=tolerance,
        message="For huge logits the gradient is wrong.",
        what="the gradient",
    )


@check(of=LOSS, examples=5, case=loss_cases())
def test_stays_on_the_device(function: RemoteFunction, submission: Submission, trial: Trial, case: LossCase) -> None:
    """With logits on the accelerator, the loss is there as well"""
    expected = reference.final_token_loss(case.logits, case.targets)
    expect_loss(ask(function, trial, case.logits, case.targets), expected, WRONG_LOSS)
    for device in submission.accelerators():
        trial.note(logits=case.logits, targets=case.targets, device=device_name(device))
        answer = function(WireTensor(case.logits, device), WireTensor(case.targets, device))
        loss = expect_tensor(answer, shape=(), device=device, what="the loss")
        # Real accelerators may take exp and log less precisely than the CPU.
        expect_loss(loss, expected, f"On {device} the loss is another one than on the CPU.", tolerance=1e-3)
