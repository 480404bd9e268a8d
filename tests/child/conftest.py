"""What the tests of the child share: one nursery for most of them, and submissions written in a line or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from grader.challenge import Limits
from grader.errors import UsageError
from grader.submission.isolation import Isolation, choose_isolation
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission

LIMITS = Limits(call_seconds=20.0, check_seconds=60.0)
Learner = Callable[..., Submission]


@pytest.fixture(scope="session", params=["process", "bwrap"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """Both kinds of walls; what holds behind the one must hold behind the other."""
    try:
        return choose_isolation(request.param)
    except UsageError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def shared_process(tmp_path_factory: pytest.TempPathFactory, isolation: Isolation) -> Iterator[ChildProcess]:
    process = ChildProcess(tmp_path_factory.getbasetemp(), LIMITS, isolation)  # all submissions of the tests lie in it
    yield process
    process.close()


@pytest.fixture
def learner(shared_process: ChildProcess, tmp_path: Path) -> Iterator[Learner]:
    """Makes a submission of one file `code.py`, further files by name, in a fresh worker of the shared nursery."""

    def submit(source: str = "", *, files: dict[str, str] | None = None, **limits: float) -> Submission:
        folder = tmp_path / "submission"
        folder.mkdir(exist_ok=True)
        for name, text in {"code.py": source, **(files or {})}.items():
            (folder / name).write_text(dedent(text), encoding="utf-8")
        return submit_folder(shared_process, folder, **limits)

    yield submit
    shared_process.end_worker()


def submit_folder(process: ChildProcess, folder: Path, **limits: float) -> Submission:
    process.end_worker()
    process.folder, process.limits = folder, replace(LIMITS, **limits)
    submission = Submission(process)
    submission.begin_check()
    return submission
