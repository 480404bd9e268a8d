"""What checks are written with, and what runs them. Everything here happens in the parent.

A check is a pytest function whose docstring is the line that the learner reads. It asks the submission for answers and
compares them with its own; only a `Mismatch` fails a learner.
"""

from grader.checking.check import check
from grader.checking.expect import (
    Mismatch,
    expect,
    expect_close,
    expect_equal,
    expect_float,
    expect_tensor,
)

__all__ = [
    "Mismatch",
    "check",
    "expect",
    "expect_close",
    "expect_equal",
    "expect_float",
    "expect_tensor",
]
