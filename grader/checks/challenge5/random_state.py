"""Tells from the states of the global random generators whether learner code gave one of them a seed."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checking import expect

States = Sequence[str]  # a digest for each generator, as `Submission.random_state` returns them


def expect_no_seed(first: States, again: States, other: States, message: str) -> None:
    """Fail if the state of some generator after the same calls does not follow from the seed that they began with.

    A seed that learner code gives is the same every time, or it is another one every time: a count, the clock.

    Args:
        first: the states after some calls that began with one seed.
        again: after the same calls that began with the same seed; equal to `first` if all is well.
        other: after the same calls that began with another seed; no generator is then as in `first`.
    """
    expect(list(first) == list(again), message)
    expect(not any(one == another for one, another in zip(first, other, strict=False)), message)
