"""One learner process for each challenge that has known mistakes, shared by all of their tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from grader.checking import trial
from tests.submissions import SharedChild

ChildOf = Callable[[str], SharedChild]


@pytest.fixture(scope="session")
def child_of() -> Iterator[ChildOf]:
    """Give the child of a challenge; the first counterexample has to do, since a smaller one changes no outcome."""
    children: dict[str, SharedChild] = {}
    with pytest.MonkeyPatch.context() as patch, ExitStack() as at_the_end:
        patch.setattr(trial, "SHRINK_SECONDS", 0.0)

        def child(challenge: str) -> SharedChild:
            if challenge not in children:
                children[challenge] = at_the_end.enter_context(closing(SharedChild(challenge)))
            return children[challenge]

        yield child
