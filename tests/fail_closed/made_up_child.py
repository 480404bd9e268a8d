"""A child that is none: it answers with whatever bytes the test gives it, so that thousands of replies take seconds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.challenge import Limits
from grader.submission.remote import Submission
from grader.wire import pack, unpack
from tests.child.test_wire import parts
from tests.fail_closed.perturbing import Reply

NO_FOLDER = Path(os.devnull)
Answering = Callable[[dict[str, Any]], Reply]  # of the message as the parent has sent it


class MadeUpChild:
    """What `Submission` uses of a `ChildProcess`."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.limits = Limits()
        self.ended = 0  # workers
        self.folder = NO_FOLDER
        self.finds_folder = True

    def exchange(self, frame: bytes, deadline: float) -> Reply:
        return self.answering(unpack(*parts(frame)))

    def end_worker(self, *, died: bool = False) -> str:
        self.ended += 1
        return "left with exit status 0" if died else ""

    def begin_check(self) -> None:
        pass

    def take_output(self) -> str:
        return ""


def reply_with(message: dict[str, Any], answer: Any) -> Reply:
    """The reply that a worker would send to this message."""
    return parts(pack({"id": message["id"], "answer": answer}))


def submission_of(answering: Answering) -> Submission:
    return Submission(MadeUpChild(answering))  # type: ignore[arg-type]
