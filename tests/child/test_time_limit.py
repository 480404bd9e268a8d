"""A call that does not end is a timeout, and all that it started is dead within a second of the deadline."""

from __future__ import annotations

import time

import pytest

from grader.verdict import Outcome
from tests.child.conftest import Learner
from tests.child.observing import call, described, end_of, learner_processes, still_works, wait_until

SECONDS = 0.4
HEADER = """
import ctypes, os, signal, sys, threading, time

def fine():
    return "fine"

def daemon(work):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            work()
        os._exit(0)

def forever():
    while True:
        time.sleep(0.01)

def deaf():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass

def run():
"""

ENDLESS = {
    "a loop": "while True: pass",
    "a sleep": "time.sleep(1000)",
    "a sleep in C that holds the interpreter": "ctypes.PyDLL(None).sleep(1000)",
    "a loop that catches everything": """
    while True:
        try:
            while True: time.sleep(0.001)
        except BaseException:
            pass""",
    "a loop that ignores every signal": "deaf(); forever()",
    "a loop in a forked child": "os.fork(); forever()",
    "daemons in sessions of their own": "[daemon(forever) for _ in range(5)]; forever()",
    "a daemon that holds the output pipe and ignores signals": "daemon(lambda: (deaf(), forever())); forever()",
    "a daemon under another program": "daemon(lambda: os.execv('/bin/sleep', ['sleep', '1000'])); forever()",
    "a process whose first thread has ended": """
    def hide():
        threading.Thread(target=forever).start()
        ctypes.CDLL(None).pthread_exit(0)
    daemon(hide); forever()""",
    "a stopped worker": "os.kill(os.getpid(), signal.SIGSTOP)",
    "threads": "[threading.Thread(target=forever).start() for _ in range(5)]; forever()",
    "an endless answer": """
    class Endless(list):
        def __len__(self): return 1
        def __iter__(self): return iter(int, 1)
    return Endless()""",
    "an error that takes forever to print": """
    class Slow(Exception):
        def __str__(self): forever()
    raise Slow""",
    "processes that replace each other": """
    def relay():
        for _ in range(2000):
            if os.fork(): os._exit(0)
            os.setsid()
            time.sleep(0.001)
        os._exit(0)
    for _ in range(3): daemon(relay)
    forever()""",
}


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_ended_with_all_it_started(code: str, learner: Learner) -> None:
    submission = learner(HEADER + f"    {code}\n", call_seconds=SECONDS)
    call(submission, "fine")
    started = time.monotonic()
    end = end_of(submission)
    took = time.monotonic() - started
    left = learner_processes(submission.process)
    assert end.outcome is Outcome.TIMEOUT
    assert left == set(), described(left)
    assert took < SECONDS + 1.0
    assert still_works(submission)


def test_the_time_limit_is_named(learner: Learner) -> None:
    submission = learner("def run():\n    while True: pass\n", call_seconds=1.0)
    assert end_of(submission).message.startswith("No answer within 1 s, so the call was stopped.")


def test_calls_that_are_quick_by_themselves_share_the_time_of_their_check(learner: Learner) -> None:
    submission = learner("import time\ndef run(): time.sleep(0.2)\n", check_seconds=0.5)
    with pytest.raises(BaseException, match="This check took longer than") as caught:  # noqa: PT012
        for _ in range(10):
            call(submission)
    assert caught.value.outcome is Outcome.TIMEOUT  # type: ignore[attr-defined]


def test_what_a_good_answer_leaves_running_ends_with_its_worker(learner: Learner) -> None:
    submission = learner(HEADER + "    daemon(forever)\n    return 5\n")
    assert call(submission) == 5
    assert wait_until(lambda: len(learner_processes(submission.process)) >= 2)  # the worker and the daemon
    submission.process.end_worker()
    gone = wait_until(lambda: not learner_processes(submission.process), seconds=1.0)
    assert gone, described(learner_processes(submission.process))
