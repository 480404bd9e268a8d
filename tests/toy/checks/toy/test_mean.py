"""Hidden checks of step 1, `mean(values)`."""

from __future__ import annotations

import torch
from torch import Tensor

from grader.checking import check, expect_close, expect_tensor
from grader.checks.toy.rows import TOLERANCE, means, tables
from grader.submission.remote import RemoteFunction


@check(of="mean:mean", examples=30, values=tables())
def test_equals_the_definition(function: RemoteFunction, values: Tensor) -> None:
    """The mean of a row is its sum, divided by the number of its values"""
    actual = expect_tensor(function(values), shape=values.shape[:1], dtype=torch.float32)
    message = "The result is not the mean of each row."
    expect_close(actual, means(values), tolerance=TOLERANCE, message=message)
