"""Hidden checks of step 1, `log_softmax(logits)`."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.checking import check, expect, expect_close, expect_tensor
from grader.checking.display import device_name
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.strategies import SEEDS, logits, values
from grader.submission.remote import RemoteFunction, Submission
from grader.wire import WireTensor

LOG_SOFTMAX = "log_softmax:log_softmax"
DTYPES = (torch.float32, torch.float64, torch.bfloat16)
HUGE_LOGITS = logits(dimensions=(1, 2), scale=2500.0)
WRONG_VALUES = "The result is not the logarithm of the softmax of each row."
LOST_DIGITS = (
    "The float64 result is only as exact as float32 is. Is something on the way computed in float32, or a small number"
    " added, such as 1e-10?"
)


def ask(function: RemoteFunction, given: Tensor) -> Tensor:
    """Ask for the log-softmax; return its values once shape and dtype are right."""
    return expect_tensor(function(given), shape=given.shape, dtype=given.dtype)


@check(of=LOG_SOFTMAX, examples=100, logits=logits())
def test_equals_the_reference(function: RemoteFunction, logits: Tensor) -> None:
    """Each row becomes the logarithm of its softmax"""
    actual = ask(function, logits)
    expect_close(actual, reference.log_softmax(logits), tolerance=reference.rounding(logits), message=WRONG_VALUES)


@check(of=LOG_SOFTMAX, examples=8, logits=logits(dimensions=(1, 4), largest_size=3))
def test_leaves_its_input_alone(function: RemoteFunction, submission: Submission, logits: Tensor) -> None:
    """The logits are as they were after the call"""
    answer = function.call(logits, echo=True)
    given_back = (answer.arguments or [None])[0]
    after = expect_tensor(given_back, shape=logits.shape, what="the input after the call")
    expect(
        torch.equal(after, logits),
        "The call changed its input: -= and functions such as sub_() write into it.",
        expected=logits,
        actual=after,
    )
    expect(
        not getattr(given_back, "requires_grad", False),
        "The call makes its input require a gradient. That is up to the caller.",
    )


@check(of=LOG_SOFTMAX, examples=10, logits=logits(dimensions=(1, 2)))
def test_probabilities_sum_to_one(function: RemoteFunction, logits: Tensor) -> None:
    """The exponentials of each row sum to one"""
    total = ask(function, logits).double().exp().sum(dim=-1)
    # A relative error of exp(l) is an absolute one of l, and the probabilities sum to one.
    message = "The exponentials of a row do not sum to one, so they are no probabilities."
    expect_close(
        total,
        torch.ones_like(total),
        tolerance=reference.rounding(logits).squeeze(-1),
        message=message,
        what="the sum of the exponentials",
    )


@check(of=LOG_SOFTMAX, examples=10, logits=logits(dimensions=(1, 2)), constant=st.integers(1, 100))
def test_adding_a_constant_changes_nothing(function: RemoteFunction, logits: Tensor, constant: int) -> None:
    """Adding the same number to every logit of a row changes nothing"""
    moved = logits + constant
    expect_close(
        ask(function, moved),
        ask(function, logits).double(),
        tolerance=2 * reference.rounding(moved),
        message=f"After adding {constant} to all logits the result is another one.",
    )


@check(of=LOG_SOFTMAX, examples=15, logits=HUGE_LOGITS)
def test_is_exact_for_huge_logits(function: RemoteFunction, logits: Tensor) -> None:
    """Logits from -10,000 to 10,000 give finite, exact results"""
    expect_close(
        ask(function, logits),
        reference.log_softmax(logits),
        tolerance=reference.rounding(logits),
        message="For huge logits the result is wrong. Does exp() overflow, or its sum vanish before the log?",
    )


@check(of=LOG_SOFTMAX, examples=10, seed=SEEDS, rows=st.integers(2, 4), vocab=st.integers(2, 5))
def test_rows_of_very_different_size(function: RemoteFunction, trial: Trial, seed: int, rows: int, vocab: int) -> None:
    """Rows of very different size do not disturb each other"""
    offsets = torch.tensor([-10_000.0, 10_000.0, 0.0, 300.0])[:rows, None]  # [rows, 1]
    given = values((rows, vocab), seed) + offsets
    trial.note(logits=given)
    expect_close(
        ask(function, given),
        reference.log_softmax(given),
        tolerance=reference.rounding(given),
        message="Rows of very different size give a wrong result. Does each row have a maximum and a sum of its own?",
    )


@check(of=LOG_SOFTMAX, examples=20, logits=logits(dimensions=(1, 4), largest_size=3) | HUGE_LOGITS, seed=SEEDS)
def test_gradient_equals_the_reference(function: RemoteFunction, trial: Trial, logits: Tensor, seed: int) -> None:
    """Gradients flow through it, and they are right"""
    cotangent = values(tuple(logits.shape), seed)
    answer = function.call(WireTensor(logits, requires_grad=True), cotangent=cotangent)
    expect_tensor(answer.value, shape=logits.shape, dtype=logits.dtype)
    (found,) = answer.gradients or [None]
    expect(
        found is not None,
        "No gradient flows: the result is cut off from the logits (by detach(), .data, numpy(), torch.tensor() or"
        " no_grad()).",
    )
    gradient = expect_tensor(found, shape=logits.shape, what="the gradient")
    trial.note(weights=cotangent)
    # A probability, at most 1, is off by as much as its logarithm; the gradient multiplies it with a sum of `vocab`
    # weights, each at most 4.
    expect_close(
        gradient,
        reference.log_softmax_gradient(logits, cotangent),
        tolerance=4 * logits.shape[-1] * reference.rounding(logits),
        message="The gradient of the weighted sum of the results is wrong.",
        what="the gradient",
    )


@check(of=LOG_SOFTMAX, examples=16, logits=logits(dimensions=(1, 4), largest_size=3))
def test_works_on_the_last_dimension(
    function: RemoteFunction, submission: Submission, trial: Trial, logits: Tensor
) -> None:
    """It works along the last dimension, for 1-D to 4-D logits"""
    expect_close(
        ask(function, logits),
        reference.log_softmax(logits),
        tolerance=reference.rounding(logits),
        message=f"For {logits.dim()}-D logits the result is wrong. The vocabulary is the last dimension.",
    )
    if logits.dim() > 2:  # where the rows of a transposed tensor do not lie one after the other in memory
        trial.note(in_memory="not contiguous: logits.is_contiguous() is False, and view() does not join dimensions")
        # A tensor travels contiguous, so that it is transposed on arrival.
        transposed = submission.hold(logits.transpose(0, -1)).method("transpose").hold(0, -1)
        expect_close(
            expect_tensor(function(transposed), shape=logits.shape, dtype=logits.dtype),
            reference.log_softmax(logits),
            tolerance=reference.rounding(logits),
            message="For logits that are not contiguous, such as a transposed tensor, the result is wrong.",
        )


@check(of=LOG_SOFTMAX, examples=15, logits=logits(), dtype=st.sampled_from(DTYPES))
def test_keeps_the_dtype(function: RemoteFunction, trial: Trial, logits: Tensor, dtype: torch.dtype) -> None:
    """float32, float64 and bfloat16 stay what they are"""
    given = (logits.double() / 3).to(dtype)  # thirds, which need every digit that there is
    trial.note(logits=given)
    actual, right = ask(function, given), reference.log_softmax(given)
    lost_digits = dtype is torch.float64 and bool(((actual - right).abs() <= reference.rounding(logits)).all())
    message = LOST_DIGITS if lost_digits else WRONG_VALUES
    expect_close(actual, right, tolerance=reference.rounding(given), message=message)


@check(of=LOG_SOFTMAX, examples=5, logits=logits())
def test_stays_on_the_device(function: RemoteFunction, submission: Submission, trial: Trial, logits: Tensor) -> None:
    """With logits on the accelerator, the result is there as well"""
    right = reference.log_softmax(logits)
    expect_close(ask(function, logits), right, tolerance=reference.rounding(logits), message=WRONG_VALUES)
    for device in submission.accelerators():
        trial.note(device=device_name(device))
        answer = function(WireTensor(logits, device))
        expect_close(
            expect_tensor(answer, shape=logits.shape, dtype=logits.dtype, device=device),
            right,
            tolerance=1e-3,  # real accelerators may take exp and log less precisely than the CPU
            message=f"On {device} the result is another one than on the CPU.",
        )
