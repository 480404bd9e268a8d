"""Submissions that never come to an end, start processes that do not, or drown the grader in output."""

from __future__ import annotations

import textwrap

from grader.verdict import Outcome
from tests.hostile.hostile import ON_A_CPU, POSITIONS, Hostile

SHORT = {"call_seconds": 2.0}
NO_ANSWER = "No answer within {seconds} s, so the call was stopped"


def on_a_cpu(code: str) -> str:
    """Only one check asks what happens on a machine without an accelerator, so that one deadline is waited for."""
    return "if not torch.accelerator.is_available():\n" + textwrap.indent(textwrap.dedent(code).strip("\n"), "    ")


def hangs(name: str, code: str, *, seconds: int = 2) -> Hostile:
    limits = {"call_seconds": float(seconds)} if seconds != 10 else {}
    message = NO_ANSWER.format(seconds=seconds)
    return Hostile(name, ON_A_CPU, Outcome.TIMEOUT, message, before=on_a_cpu(code), limits=limits)


def fails_with(name: str, code: str, message: str, **more: str) -> Hostile:
    return Hostile(name, ON_A_CPU, Outcome.ERROR, message, before=on_a_cpu(code), **more)


IGNORES_EVERYTHING = """
import signal
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        continue
"""
HUNDREDS_OF_CHILDREN = """
import os, time
try:
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(1000)
except OSError:
    pass
time.sleep(1000)
"""
FORKS_FOR_EVER = """
import os, time
started = time.monotonic()
while True:
    try:
        os.fork()
    except OSError:
        pass
    time.sleep(0.05)
"""
DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        os.closerange(0, 100)
        while True:
            time.sleep(1)
    os._exit(0)
raise RuntimeError("the daemon is on its way")
"""
HOLDS_THE_PIPES = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)
os._exit(0)
"""
PROGRAM = """
import subprocess, sys
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(1000)"], env={}, start_new_session=True)
raise RuntimeError("the program is on its way")
"""
GIGABYTE = """
import os
for _ in range(1 << 14):
    os.write(1, b"x" * 65_535 + b"\\n")
raise RuntimeError("a gigabyte was printed")
"""
BACKTRACKS = 'import re; re.match(r"(a+)+$", "a" * 60 + "b")'  # one call of C code that looks at no signal
STOPS = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"

HANGS = (
    hangs("sleeps for an hour, at the limit of every learner", "import time; time.sleep(3600)", seconds=10),
    hangs("a loop that catches everything and ignores every signal", IGNORES_EVERYTHING),
    hangs("a loop in C that holds the interpreter", BACKTRACKS),
    hangs("a process that stops itself", STOPS),
    hangs("waits for a lock that nobody opens", "import threading; l = threading.Lock(); l.acquire(); l.acquire()"),
    Hostile("hundreds of children", ON_A_CPU, Outcome.ERROR, "processes", before=on_a_cpu(HUNDREDS_OF_CHILDREN)),
    Hostile("children that have children", ON_A_CPU, Outcome.ERROR, "processes", before=on_a_cpu(FORKS_FOR_EVER)),
    fails_with("a daemon in a session of its own", DAEMON, "the daemon is on its way"),
    fails_with("a program with an empty environment", PROGRAM, "the program is on its way"),
    Hostile("a child that holds the pipes of a parent that ended", ON_A_CPU, Outcome.CRASHED, "exit status 0",
            before=on_a_cpu(HOLDS_THE_PIPES)),
    Hostile("a gigabyte of output", ON_A_CPU, Outcome.ERROR, "a gigabyte was printed", before=on_a_cpu(GIGABYTE),
            limits={"call_seconds": 100.0, "check_seconds": 100.0}),
    Hostile(
        "answers slowly, each call just below its limit", POSITIONS, Outcome.TIMEOUT, "This check took longer than 5 s",
        before="import time; time.sleep(1.6)", limits={"call_seconds": 2.0, "check_seconds": 5.0},
    ),
)  # fmt: skip
