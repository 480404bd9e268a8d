"""Submissions that take too much memory, answer too much, or crash the interpreter."""

from __future__ import annotations

from dataclasses import replace

from grader.verdict import Outcome
from tests.hostile.hostile import (
    ATTENTION,
    BATCH,
    LOG_SOFTMAX,
    LOG_SOFTMAX_VALUES,
    LOSS,
    PICK_DEVICE,
    POSITIONS,
    Hostile,
    Target,
    side_by_side,
)


def bomb(name: str, target: Target, code: str) -> Hostile:
    return Hostile(name, target, Outcome.ERROR, "ran out of memory", before=code)


def crash(name: str, target: Target, code: str, message: str) -> Hostile:
    return Hostile(name, target, Outcome.CRASHED, message, before=code)


C_RECURSION = """
import sys
sys.setrecursionlimit(10**9)
deep = ()
for _ in range(10**6):
    deep = (deep,)
hash(deep)
"""
FREES_WHAT_IT_DOES_NOT_OWN = "import ctypes; ctypes.CDLL(None).free(ctypes.c_void_p(8))"
SHARED = """
import mmap, time
kept = []
for _ in range(40):
    kept.append(mmap.mmap(-1, 1 << 26))
    kept[-1].write(b"x" * (1 << 26))
time.sleep(60)
"""
SEVERAL_PROCESSES = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        kept = b"x" * (200 << 20)
        time.sleep(60)
time.sleep(60)
"""
NEVER_ENDING_LIST = """
class Endless(list):
    __len__ = lambda self: 3
    def __iter__(self):
        while True:
            yield 0
return Endless()
"""

# Beside the right answer stands a text that takes four times its bytes: kept for a whole run, it would fill the memory.
MORE_THAN_THE_ANSWER = """
import sys
frame = sys._getframe()
while "message" not in frame.f_locals:
    frame = frame.f_back
Worker = type(frame.f_locals["self"])
if not hasattr(Worker, "own"):
    Worker.own = Worker.reply
    def reply(self, message):
        found = Worker.own(self, message)
        if isinstance(found.get("answer"), dict):
            found["answer"]["more"] = chr(0x1F600) + "a" * 8_000_000
        return found
    Worker.reply = reply
"""

ROWS = (
    Hostile("a large text that nobody asked for beside each right answer", LOG_SOFTMAX_VALUES, Outcome.ERROR,
            "sent an answer that cannot be read", before=MORE_THAN_THE_ANSWER),
    bomb("a hundred gigabytes of bytes", LOG_SOFTMAX, "bytearray(100 << 30)"),
    bomb("a tensor that no machine holds", LOSS, "import torch; torch.zeros(1 << 20, 1 << 20)"),
    bomb("tensors that pile up until memory ends", PICK_DEVICE,
         "kept = []\nwhile True: kept.append(torch.empty(1 << 26))"),
    bomb("a number of a billion digits", BATCH, "1 << (1 << 40)"),
    Hostile("a hundred megabytes as an answer", LOSS, Outcome.ERROR, "The answer is too large: 104,85",
            instead="import torch\nreturn torch.zeros(100 << 20, dtype=torch.uint8)"),
    Hostile("ten megabytes of text as an answer", PICK_DEVICE, Outcome.FAILED, "does not return a torch.device",
            instead="return 'cpu' * (10 << 20)"),
    Hostile("a long list of long texts as an answer", BATCH, Outcome.ERROR, "The answer is too large",
            instead="return ['x' * 2000] * 50_000"),
    Hostile("an expanded tensor of a trillion numbers", POSITIONS, Outcome.FAILED, "not a tensor",
            instead="return torch.zeros(1, dtype=torch.int64).expand(10**12)"),
    Hostile("endless recursion", ATTENTION, Outcome.ERROR, "RecursionError", before="return self.forward(x)"),
    crash("a segmentation fault", LOG_SOFTMAX, "import ctypes; ctypes.string_at(0)", "SIGSEGV"),
    crash("recursion in C without a limit", LOSS, C_RECURSION, "SIGSEGV"),
    crash("frees what it does not own", PICK_DEVICE, FREES_WHAT_IT_DOES_NOT_OWN, "SIG(SEGV|ABRT)"),
    crash("closes every descriptor", BATCH, "import os; os.closerange(0, 65536)", "process died"),
    crash("SIGKILL to itself", ATTENTION, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
)  # fmt: skip

TOGETHER = tuple(
    replace(row, limits={"memory_bytes": 300 << 20})
    for row in (
        bomb("memory that processes could share", PICK_DEVICE, SHARED),
        bomb("processes that take more memory together than one may", LOSS, SEVERAL_PROCESSES),
    )
)
MEMORY = (
    *side_by_side("memory that the parent adds up", TOGETHER),
    Hostile("a list that never ends", POSITIONS, Outcome.TIMEOUT, "No answer within 2 s", instead=NEVER_ENDING_LIST,
            limits={"call_seconds": 2.0}),
    *side_by_side("memory, crashes and large answers", ROWS),
)  # fmt: skip
