"""Submissions that write to the descriptors which they inherited, in place of the worker or beside it."""

from __future__ import annotations

from grader.verdict import Outcome
from tests.child.observing import FINDS_THE_CHANNEL
from tests.hostile.hostile import (
    LOG_SOFTMAX,
    LOSS,
    ON_A_CPU,
    PICK_DEVICE,
    POSITIONS,
    Hostile,
    Target,
    in_turn,
    side_by_side,
)

TARGETS = in_turn((PICK_DEVICE, LOG_SOFTMAX, LOSS))
UNREADABLE = "sent an answer that cannot be read"
NUMBER = """
import json, sys

def number():
    frame = sys._getframe()
    while "message" not in frame.f_locals:
        frame = frame.f_back
    return frame.f_locals["message"]["id"]

def reply(**content):
    pairs = [["id", number()], *([name, value] for name, value in content.items())]
    return forge(json.dumps({"dict": pairs}).encode())
"""
PASSED = '{"dict": [["outcome", "passed"], ["passed", true], ["examples", 100]]}'


def forges(
    name: str, code: str, outcome: Outcome, message: str, *, target: Target | None = None, seconds: float = 10.0
) -> Hostile:
    limits = {"call_seconds": seconds} if seconds != 10.0 else {}
    target = target or next(TARGETS)
    return Hostile(name, target, outcome, message, at_import=FINDS_THE_CHANNEL + NUMBER, before=code, limits=limits)


ROWS = (
    forges("a forged reply that says passed, and then no worker",
           f"os.write(channel(), reply(answer=json.loads('{PASSED}')))\nos._exit(0)", Outcome.ERROR, UNREADABLE),
    forges("a forged reply ahead of the right one", "os.write(channel(), reply(answer=True))", Outcome.ERROR,
           UNREADABLE),
    forges("a forged problem that says that all is well",
           "os.write(channel(), reply(problem={'dict': [['kind', 'passed'], ['todo', False]]}))\nos._exit(0)",
           Outcome.ERROR, UNREADABLE),
    forges("a reply cut in the middle", "os.write(channel(), reply(answer=True)[:-3])\nos._exit(0)",
           Outcome.CRASHED, "exit status 0"),
    forges("a reply that never comes to its end",
           "if not torch.accelerator.is_available():\n    os.write(channel(), reply(answer=True)[:-3])\n"
           "    import time; time.sleep(1000)", Outcome.TIMEOUT, "No answer within 2 s", target=ON_A_CPU, seconds=2.0),
    forges("a reply that announces four gigabytes", "os.write(channel(), b'\\xff' * 8)", Outcome.ERROR, UNREADABLE),
    forges("a reply without an end", "while True: os.write(channel(), bytes(1 << 16))", Outcome.ERROR, UNREADABLE),
    forges("the same reply a hundred times", "os.write(channel(), reply(answer=True) * 100)", Outcome.ERROR,
           UNREADABLE),
    forges("a reply of a hundred thousand nested lists",
           "os.write(channel(), forge(b'[' * 100_000 + b']' * 100_000))", Outcome.ERROR, UNREADABLE),
    forges("a reply with a pickle in it",
           "import pickle\nos.write(channel(), forge(pickle.dumps(True), pickle.dumps(True)))", Outcome.ERROR,
           UNREADABLE),
    forges("noise on every descriptor",
           "for descriptor in range(3, 256):\n    try: os.write(descriptor, os.urandom(999))\n    except OSError: pass",
           Outcome.ERROR, UNREADABLE),
    forges("reads the grader's requests away", "channel_number = channel()\nwhile True: os.read(channel_number, 9999)",
           Outcome.TIMEOUT, "No answer within 2 s", target=POSITIONS, seconds=2.0),
    forges("closes the line to the grader", "os.close(channel())", Outcome.CRASHED, "process died"),
    forges("puts an empty device in place of the line",
           "os.dup2(os.open('/dev/null', os.O_RDWR), channel())", Outcome.CRASHED, "process died"),
)  # fmt: skip

FORGED_REPLIES = side_by_side("forged replies", ROWS)
