"""However learner code stops, its check gets the outcome and the one line that fit, and the next check runs."""

from __future__ import annotations

import pytest

from grader.submission.problems import CheckAborted, LearnerError
from grader.verdict import Outcome
from tests.child.conftest import Learner
from tests.child.observing import end_of, still_works

FINE = "def fine(): return 'fine'\n"

RAISED = {
    "sys.exit": ("import sys; sys.exit(0)", "SystemExit"),
    "exit in a nested call": (
        "(lambda: exit())() if 'exit' in dir(__builtins__) else __import__('sys').exit()",
        "Exit",
    ),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "a signal to itself": ("import os, signal, time; os.kill(os.getpid(), 2); time.sleep(5)", "KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "pytest.skip": ("import pytest; pytest.skip('not today')", "Skipped"),
    "pytest.skip.Exception": ("import pytest; raise pytest.skip.Exception('not today')", "Skipped"),
    "pytest.xfail": ("import pytest; pytest.xfail('not today')", "XFailed"),
    "pytest.exit": ("import pytest; pytest.exit('enough', 0)", "Exit"),
    "unittest.SkipTest": ("import unittest; raise unittest.SkipTest('not today')", "SkipTest"),
    "a failed assumption": ("import hypothesis; hypothesis.assume(False)", "UnsatisfiedAssumption"),
    "endless recursion": ("(lambda f: f(f))(lambda f: f(f))", "RecursionError"),
    "MemoryError": ("raise MemoryError", "ran out of memory"),
    "StopIteration": ("next(iter([]))", "StopIteration"),
    "a group of exceptions": ("raise BaseExceptionGroup('two', [SystemExit(), ValueError()])", "BaseExceptionGroup"),
    "a class that is no exception": ("raise 5", "TypeError"),
    "an error whose text cannot be made": (
        "raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()",
        "Mute was raised",
    ),
    "a text of another type": (
        "raise type('Odd', (Exception,), {'__str__': lambda s: type('T', (str,), {'__getitem__': id})('x' * 999)})()",
        "Odd: xxx",
    ),
    "a SyntaxError of no file": ("raise SyntaxError('odd', (5, 1, 1, 'x'))", "SyntaxError: odd"),
    "a SyntaxError without words": ("raise SyntaxError(None, (__file__, 1, 1, 'x'))", "SyntaxError"),
    "attributes that raise": (
        "raise type('Odd', (SyntaxError,), dict.fromkeys(ATTRIBUTES, property(lambda error: 1 / 0)))('no code')",
        "Odd: no code",
    ),
    "a type whose name raises": (
        "raise type('M', (type,), {'__name__': property(lambda kind: 1 / 0)})('Odd', (Exception,), {})('no name')",
        "Odd: no name",
    ),
    "a traceback of its own making": (
        "raise NotImplementedError.with_traceback(NotImplementedError('odd'), FALSE_TRACEBACK)",
        "NotImplementedError: odd",
    ),
}


ODD = """
import sys, types
ATTRIBUTES = ("filename", "lineno", "text", "msg", "__class__", "__traceback__")
FALSE_TRACEBACK = types.TracebackType(None, sys._getframe(), 10**6, 4)
"""


@pytest.mark.parametrize(("code", "word"), RAISED.values(), ids=RAISED)
def test_what_is_raised_is_an_error_at_its_line(code: str, word: str, learner: Learner) -> None:
    submission = learner(f"{FINE}\ndef run():\n    {code}\n{ODD}")
    end = end_of(submission)
    assert isinstance(end, LearnerError)
    assert end.outcome is Outcome.ERROR
    assert word in end.message
    assert "\n" not in end.message
    assert end.location == "code.py:4"
    assert still_works(submission)


DIED = {
    "os._exit(0)": ("os._exit(0)", "left with exit status 0"),
    "os._exit(70)": ("os._exit(70)", "left with exit status 70"),
    "os.abort": ("os.abort()", "SIGABRT"),
    "a segmentation fault": ("ctypes.string_at(0)", "SIGSEGV"),
    "a division in C": ("os.kill(os.getpid(), signal.SIGFPE)", "SIGFPE"),
    "a kill of itself": ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "a kill of its group": ("os.killpg(0, signal.SIGKILL)", "SIGKILL"),
    "a signal that has no name": ("os.kill(os.getpid(), signal.SIGRTMIN + 3)", "ended by signal 37"),
    "another program in its place": ("os.execv('/bin/true', ['true'])", "exit status 0"),
    "closing every descriptor": ("os.closerange(0, 1000)", "died during this call"),
    "sys.exit in a thread that ends the process": (
        "__import__('threading').Thread(target=os._exit, args=(4,)).start(); __import__('time').sleep(5)",
        "exit status 4",
    ),
}


@pytest.mark.parametrize(("code", "word"), DIED.values(), ids=DIED)
def test_a_dead_worker_is_a_crash_that_says_how(code: str, word: str, learner: Learner) -> None:
    submission = learner(f"import ctypes, os, signal\n{FINE}\ndef run():\n    {code}\n")
    end = end_of(submission)
    assert isinstance(end, CheckAborted)
    assert end.outcome is Outcome.CRASHED
    assert word in end.message
    assert "\n" not in end.message
    assert still_works(submission)


IMPORTED = {
    "sys.exit": ("import sys\nsys.exit(0)\n", Outcome.ERROR, "SystemExit"),
    "os._exit": ("import os\nos._exit(0)\n", Outcome.CRASHED, "exit status 0"),
    "pytest.skip": (
        "import pytest\npytest.skip('no', allow_module_level=True)\n",
        Outcome.ERROR,
        "Skipped",
    ),
    "a stub": ("raise NotImplementedError\n", Outcome.TODO, "Still to do"),
    "half a line": ("def run(:\n", Outcome.ERROR, "SyntaxError"),
    "a null byte": ("x = 1\0\n", Outcome.ERROR, "null bytes. Python cannot read code.py. Save it as UTF-8."),
    "nothing": ("", Outcome.ERROR, "has no `run`"),
    "names that are none": ("globals()[object()] = type('Odd', (), {})\n", Outcome.ERROR, "has no `run`"),
    "a SyntaxError on no line": (
        "raise SyntaxError('odd', (__file__, 10**5000, 1, 'x'))\n",
        Outcome.ERROR,
        "SyntaxError: odd. Python cannot read code.py.",
    ),
    "a name that is no function": ("run = 5\n", Outcome.ERROR, "not callable"),
}


@pytest.mark.parametrize(("source", "outcome", "word"), IMPORTED.values(), ids=IMPORTED)
def test_a_file_that_cannot_be_imported_says_so(source: str, outcome: Outcome, word: str, learner: Learner) -> None:
    end = end_of(learner(source))
    assert (end.outcome, word in end.message) == (outcome, True), end.message


def test_a_message_of_several_lines_becomes_one(learner: Learner) -> None:
    assert end_of(learner("def run(): raise ValueError('a\\n  b\\tc')\n")).message == "ValueError: a b c"


def test_a_message_cannot_reach_the_terminal(learner: Learner) -> None:
    end = end_of(learner(r"def run(): raise ValueError('\x1b[2Ja\x1b]0;title\x07b\x9b31mc\ud800d\x00e')" + "\n"))
    assert end.message == "ValueError: ab31mcde"


def test_the_name_of_a_type_is_one_line_that_reads_as_it_is(learner: Learner) -> None:
    end = end_of(learner(r"def run(): raise type('x\u202ey\n\u2028z' * 100, (Exception,), {})('odd')" + "\n"))
    assert end.message.startswith("xy zxy zxy")
    assert end.message.endswith(": odd")
    assert end.message.isprintable()
    assert len(end.message) < 250


def test_code_that_lies_in_no_file_has_no_location(learner: Learner) -> None:
    assert end_of(learner("run = eval('lambda: 1 / 0')\n")).location is None


def test_the_place_in_another_file_that_led_there_is_told(learner: Learner) -> None:
    files = {"given.py": "def divide(by):\n    return 1 / by\n"}
    end = end_of(learner("from given import divide\n\ndef run():\n    return divide(0)\n", files=files))
    assert (end.location, end.origin) == ("given.py:2", "code.py:4")


def test_a_file_that_fails_while_it_is_imported_is_told_with_the_line_that_imports_it(learner: Learner) -> None:
    end = end_of(learner("\nimport given\nrun = given.divide\n", files={"given.py": "1 / 0\n"}))
    assert (end.location, end.origin) == ("given.py:1", "code.py:2")


def test_within_one_file_no_other_place_is_told(learner: Learner) -> None:
    end = end_of(learner("def divide(by):\n    return 1 / by\n\ndef run():\n    return divide(0)\n"))
    assert (end.location, end.origin) == ("code.py:2", None)


def test_a_location_outside_the_submission_is_not_named(learner: Learner) -> None:
    assert end_of(learner("import json\nrun = json.loads\n"), "run", "{").location is None


def test_a_gradient_switched_off_in_an_argument_is_still_counted(learner: Learner) -> None:
    import torch

    from grader.wire import WireTensor

    source = "def run(x):\n    y = x.clone()\n    x.requires_grad_(False)\n    return y\n"
    x = WireTensor(torch.zeros(2), requires_grad=True)
    answer = learner(source).function("code", "run").call(x, cotangent=torch.ones(2))
    assert answer.gradients is not None
    assert len(answer.gradients) == 1
