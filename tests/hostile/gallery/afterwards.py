"""Wrong answers that act once more when their check, their step or the verdict is over."""

from __future__ import annotations

from grader.verdict import Outcome
from tests.child.observing import FINDS_THE_CHANNEL
from tests.hostile.hostile import PICK_DEVICE, Hostile

NO_DEVICE = "does not return a torch.device"


def afterwards(name: str, code: str, answer: str = "return None", *, at_import: str = "") -> Hostile:
    return Hostile(name, PICK_DEVICE, Outcome.FAILED, NO_DEVICE, before=code, instead=answer, at_import=at_import)


# Late enough for the answer to be on its way, and early enough for the checks after it.
LATER = """
import threading, time

SOON = 0.3  # seconds

def later(seconds, act):
    def wait():
        time.sleep(seconds)
        act()
    threading.Thread(target=wait, daemon=True).start()
"""
AT_EXIT = """
import atexit, os

@atexit.register
def last_word():
    open("/tmp/$mark", "w").close()
    open("$mark", "w").close()
    os.write(1, b'{"passed": true}')
    os._exit(0)
"""
DYING = """
import os
class Dying:
    def __del__(self):
        os._exit(0)
"""
CHILD = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(3)
    for place in ("/tmp/", "", os.environ["HOME"] + "/"):
        try:
            open(place + "$mark", "w").close()
        except OSError:
            pass
    time.sleep(1000)
"""
ALARM = """
import signal
def raise_exit(*arguments):
    raise SystemExit(0)
signal.signal(signal.SIGALRM, raise_exit)
signal.setitimer(signal.ITIMER_REAL, 0.3, 0.02)
"""
ANSWERS_TWICE = """
frame = forge(b'{"dict": [["id", 9], ["answer", {"dict": [["value", true]]}]]}')
later(SOON, lambda: os.write(channel(), frame * 50))
"""
TRACES = """
import sys
def trace(frame, event, argument):
    if frame.f_code.co_name == "reply":
        raise SystemExit(0)
    return trace
sys.settrace(trace)
sys._getframe(1).f_trace = trace
"""

AFTERWARDS = (
    afterwards("a thread that ends the process later", "import os\nlater(SOON, lambda: os._exit(0))", at_import=LATER),
    afterwards("a thread that answers once more", ANSWERS_TWICE, at_import=FINDS_THE_CHANNEL + LATER),
    afterwards("an alarm that raises in whatever runs then", ALARM),
    afterwards("an atexit handler", "", at_import=AT_EXIT),
    Hostile("an answer that ends the process when it is deleted", PICK_DEVICE, Outcome.CRASHED, "exit status 0",
            at_import=DYING, instead="return Dying()"),
    afterwards("a child that acts after the verdict", CHILD),
    afterwards("a thread that prints without end",
               "import os\nlater(0, lambda: [os.write(1, b'passed' * 9_999) for _ in range(10**9)])", at_import=LATER),
    afterwards("a trace of the worker's own code", TRACES),
)  # fmt: skip
