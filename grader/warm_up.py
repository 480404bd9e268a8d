"""Lets Hypothesis do what it does once in every process while that is still cheap.

On its first example it collects garbage; where `grader.loading` has set aside what was loaded, there is little of it.
Done in the parent while the child starts.
"""

from __future__ import annotations

import numpy.random  # noqa: F401 - Hypothesis looks after its generator, and must find it now
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.secluded_hypothesis import secluded_hypothesis


@settings(max_examples=1, database=None)
@given(st.integers())
def _one_example(number: int) -> None:
    pass


def warm_up_hypothesis() -> None:
    """Run one example of nothing."""
    with secluded_hypothesis():
        _one_example()
