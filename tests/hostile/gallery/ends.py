"""Submissions that end, raise or skip instead of answering."""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import (
    ATTENTION,
    BATCH,
    DEVICES,
    LOG_SOFTMAX,
    LOSS,
    PICK_DEVICE,
    Hostile,
    Target,
    side_by_side,
)


def raises(name: str, target: Target, code: str, message: str) -> Hostile:
    return Hostile(name, target, Outcome.ERROR, message, before=code)


def raises_at_import(name: str, target: Target, code: str, message: str) -> Hostile:
    message = f"while it is imported: .*{message}"
    return Hostile(name, target, Outcome.ERROR, message, at_import=code, whole=True)


def dies(name: str, target: Target, code: str, message: str) -> Hostile:
    return Hostile(name, target, Outcome.CRASHED, message, before=code)


LIAR = """
class Passed(BaseException):
    __class__ = property(lambda self: type(None))
    __str__ = __repr__ = lambda self: "passed"
    __eq__ = lambda self, other: True
    __hash__ = None
raise Passed
"""
RAISES_ITSELF = """
class Hydra(Exception):
    def __getattribute__(self, name):
        raise Hydra
    def __str__(self):
        raise Hydra
raise Hydra
"""
MILLION_CAUSES = """
cause = None
for _ in range(10_000):
    error = ValueError("one of many")
    error.__cause__, cause = cause, error
raise cause
"""

IN_CALLS = (
    dies("os._exit(0) in a call", LOG_SOFTMAX, "import os; os._exit(0)", "exit status 0"),
    raises("sys.exit(0) in a call", LOSS, "import sys; sys.exit(0)", "stopped with SystemExit"),
    raises("quit() in a call", PICK_DEVICE, "import site; site.setquit(); quit(0)", "stopped with SystemExit"),
    dies("os.abort in a call", BATCH, "import os; os.abort()", "SIGABRT"),
    dies("another program in its place", LOG_SOFTMAX, "import os; os.execv('/bin/true', ['true'])", "status 0"),
    dies("SIGKILL to its own group", ATTENTION, "import os, signal; os.killpg(0, signal.SIGKILL)", "SIGKILL"),
    raises("BaseException in a call", LOG_SOFTMAX, "raise BaseException('done')", "BaseException: done"),
    raises("Exception in a call", LOSS, "raise Exception('done')", "Exception: done"),
    raises("KeyboardInterrupt in a call", PICK_DEVICE, "raise KeyboardInterrupt", "with KeyboardInterrupt"),
    raises("GeneratorExit in a call", BATCH, "raise GeneratorExit", "stopped with GeneratorExit"),
    raises("SystemExit in a call", LOSS, "raise SystemExit(0)", "stopped with SystemExit"),
    raises(
        "BaseExceptionGroup in a call", ATTENTION,
        "raise BaseExceptionGroup('two', [SystemExit(0), KeyboardInterrupt()])", "BaseExceptionGroup: two",
    ),
    raises("pytest.skip in a call", LOG_SOFTMAX, "import pytest; pytest.skip('later')", "raised Skipped"),
    raises("unittest.SkipTest in a call", LOSS, "import unittest; raise unittest.SkipTest", "raised SkipTest"),
    raises("hypothesis.assume(False) in a call", PICK_DEVICE, "import hypothesis; hypothesis.assume(False)",
           "raised UnsatisfiedAssumption"),
    raises("hypothesis.reject in a call", BATCH, "import hypothesis; hypothesis.reject()",
           "raised UnsatisfiedAssumption"),
    raises("pytest.xfail in a call", PICK_DEVICE, "import pytest; pytest.xfail('known')", "XFailed"),
    raises("pytest.exit with status 0 in a call", ATTENTION, "import pytest; pytest.exit('done', 0)", "Exit"),
    raises("StopIteration in a call", LOG_SOFTMAX, "next(iter(()))", "StopIteration"),
    raises("an ending of Hypothesis' own", LOSS, "from hypothesis.errors import StopTest; raise StopTest(0)",
           "StopTest"),
    raises("an exception that claims to be None and to have passed", PICK_DEVICE, LIAR, "Passed: passed"),
    raises("an exception that raises itself when looked at", BATCH, RAISES_ITSELF, "Hydra was raised"),
    raises("asyncio.CancelledError in a call", ATTENTION, "import asyncio; raise asyncio.CancelledError",
           "CancelledError"),
    raises("ten thousand causes of an exception", ATTENTION, MILLION_CAUSES, "ValueError: one of many"),
)  # fmt: skip

AT_IMPORT = (
    Hostile("os._exit(0) at import", LOG_SOFTMAX, Outcome.CRASHED, "exit status 0",
            at_import="import os\nos._exit(0)\n", whole=True),
    raises_at_import("sys.exit(0) at import", LOSS, "import sys\nsys.exit(0)\n", "stopped with SystemExit"),
    raises_at_import("pytest.skip at import", DEVICES, "import pytest\npytest.skip('no', allow_module_level=True)\n",
                     "raised Skipped"),
    raises_at_import("BaseException at import", ATTENTION, "raise BaseException('done')\n", "BaseException: done"),
    raises_at_import("KeyboardInterrupt at import", LOG_SOFTMAX, "raise KeyboardInterrupt\n",
                     "stopped with KeyboardInterrupt"),
    raises_at_import("unittest.SkipTest at import", LOSS, "import unittest\nraise unittest.SkipTest('no')\n",
                     "raised SkipTest"),
    raises_at_import("GeneratorExit at import", DEVICES, "raise GeneratorExit\n", "stopped with GeneratorExit"),
    raises_at_import("hypothesis.reject at import", ATTENTION, "import hypothesis\nhypothesis.reject()\n",
                     "raised UnsatisfiedAssumption"),
)  # fmt: skip

ENDS = side_by_side("ends of calls", IN_CALLS) + side_by_side("ends at import", AT_IMPORT, at_most=3)
