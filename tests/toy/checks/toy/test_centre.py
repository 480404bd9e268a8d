"""Hidden checks of step 2, `centre(values)`."""

from __future__ import annotations

import torch
from torch import Tensor

from grader.checking import check, expect, expect_close, expect_tensor
from grader.checks.toy.rows import TOLERANCE, means, tables
from grader.submission.remote import RemoteFunction


@check(of="centre:centre", examples=30, values=tables())
def test_takes_its_mean_from_each_row(function: RemoteFunction, values: Tensor) -> None:
    """Every row loses its own mean, and nothing else"""
    actual = expect_tensor(function(values), shape=values.shape, dtype=torch.float32)
    expected = values.double() - means(values)[:, None]
    message = "The result is not each row without its own mean."
    expect_close(actual, expected, tolerance=TOLERANCE, message=message)


@check(of="centre:centre", examples=10, values=tables())
def test_leaves_its_input_alone(function: RemoteFunction, values: Tensor) -> None:
    """The values are as they were after the call"""
    answer = function.call(values, echo=True)
    after = expect_tensor((answer.arguments or [None])[0], shape=values.shape, what="the input after the call")
    message = "The call changed its input: -= and sub_ write into the old tensor. Make a new one."
    expect(torch.equal(after, values), message, expected=values, actual=after)
