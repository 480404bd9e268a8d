"""Tells from the states of the global random generators whether learner code gave one of them a seed."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checking import expect


def expect_no_seed(one: Sequence[str], other: Sequence[str], message: str) -> None:
    """Fail if some generator is in the same state after two calls that began with different seeds.

    Args:
        one: digests of the states after one call, a generator each, as `Submission.random_state` returns them.
        other: the same after the other call.
    """
    expect(not any(first == second for first, second in zip(one, other, strict=False)), message)
