"""What the tests of challenge 5's checks share: one learner process for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from grader.checking import trial
from grader.verdict import CheckResult
from tests.submissions import SharedChild

GradeChecks = Callable[..., dict[str, CheckResult]]


@pytest.fixture(scope="session")
def child() -> Iterator[SharedChild]:
    shared = SharedChild()
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def grade_checks(child: SharedChild) -> Iterator[GradeChecks]:
    """Grades a folder; the first counterexample has to do, since a smaller one changes no outcome."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "SHRINK_SECONDS", 0.0)
        yield child.grade_checks
