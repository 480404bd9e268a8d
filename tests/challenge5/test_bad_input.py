"""What is not even an answer: nothing returned, no function, no end. It costs its own checks, and no others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from grader.verdict import CheckResult, Outcome
from tests.challenge5.conftest import GradeChecks
from tests.submissions import SharedChild, fill, summary, write_submission

HERE = "# here"  # stands on the line that the location must name
SOLUTION = Path(__file__).resolve().parents[2] / "solutions" / "challenge5"


@dataclass(frozen=True)
class BadInput:
    """A bad file or function body, and how its checks must end.

    Attributes:
        text: a body of `pick_device`, a whole `log_softmax.py`, or None where the file is missing.
        message: a pattern that the learner's line must hold.
    """

    name: str
    text: str | None
    outcome: Outcome
    message: str


PICK_DEVICE = (
    BadInput("nothing", "pass", Outcome.FAILED, "does not return a torch.device"),
    BadInput("a list", "return [torch.device('cpu')]", Outcome.FAILED, "does not return a torch.device"),
    BadInput("not a number", "return float('nan')", Outcome.FAILED, "does not return a torch.device"),
    BadInput("an object without repr", "class Odd:\n    __repr__ = None\nreturn Odd()", Outcome.FAILED, "torch.device"),
    BadInput("a value that nests itself", "x = []\nx.append(x)\nreturn x", Outcome.FAILED, "torch.device"),
    BadInput("ten megabytes of text", "print('x' * 10**7)", Outcome.FAILED, "does not return a torch.device"),
    BadInput("still to do", "raise NotImplementedError  # here", Outcome.TODO, r"fill the marked place in devices\.py"),
    BadInput("an error", "return 1 / 0  # here", Outcome.ERROR, "ZeroDivisionError: division by zero"),
    BadInput("a name that is not there", "return devcie  # here", Outcome.ERROR, "'devcie' is not defined"),
    BadInput("an error without a text", "raise ValueError  # here", Outcome.ERROR, "ValueError"),
    BadInput(
        "an error whose text raises",
        "class Bad(Exception):\n    def __str__(self):\n        raise self\nraise Bad  # here",
        Outcome.ERROR,
        "Bad",
    ),
    BadInput("a colour code", r"raise ValueError('\x1b[31mred')  # here", Outcome.ERROR, "ValueError"),
    BadInput("an error of two lines", r"raise ValueError('one\ntwo')  # here", Outcome.ERROR, "ValueError: one"),
    BadInput("endless recursion", "return pick_device()  # here", Outcome.ERROR, "RecursionError"),
    BadInput("SystemExit", "raise SystemExit  # here", Outcome.ERROR, "stopped with SystemExit"),
    BadInput("sys.exit(0)", "import sys\nsys.exit(0)  # here", Outcome.ERROR, "stopped with SystemExit"),
    BadInput("KeyboardInterrupt", "raise KeyboardInterrupt  # here", Outcome.ERROR, "stopped with KeyboardInterrupt"),
    BadInput("a skip", "import unittest\nraise unittest.SkipTest  # here", Outcome.ERROR, "cannot be skipped"),
    BadInput("too much memory", "return torch.empty(1 << 50)  # here", Outcome.ERROR, "ran out of memory"),
    BadInput("too long an answer", "return torch.zeros(10**8, dtype=torch.uint8)", Outcome.ERROR, "too large"),
    BadInput("a loop without an end", "while True:\n    pass", Outcome.TIMEOUT, "loop that never ends"),
    BadInput("a nap", "import time\ntime.sleep(60)", Outcome.TIMEOUT, "No answer within 1 s"),
    BadInput(
        "torch.compile, which takes its time",
        "import time\ntorch.compile(time.sleep, disable=True)(60)",
        Outcome.TIMEOUT,
        "Or is it torch.compile, which translates the code in its first call",
    ),
    BadInput("os._exit(0)", "import os\nos._exit(0)", Outcome.CRASHED, "exit status 0"),
    BadInput("a segmentation fault", "import ctypes\nctypes.string_at(0)", Outcome.CRASHED, "SIGSEGV"),
    BadInput("a signal to itself", "import os\nos.kill(os.getpid(), 9)", Outcome.CRASHED, "SIGKILL"),
    BadInput("all files closed", "import os\nos.closerange(3, 99)", Outcome.CRASHED, "process died"),
)

LOG_SOFTMAX = (
    BadInput("no file", None, Outcome.ERROR, r"log_softmax\.py is missing"),
    BadInput("an empty file", "", Outcome.ERROR, "has no `log_softmax`"),
    BadInput("another name", "def logsoftmax(logits):\n    pass\n", Outcome.ERROR, "it defines logsoftmax"),
    BadInput("another case", "def Log_Softmax(logits):\n    pass\n", Outcome.ERROR, "must be exactly `log_softmax`"),
    BadInput("a number of that name", "log_softmax = 3\n", Outcome.ERROR, "not callable"),
    BadInput("no parameter", "def log_softmax():  # here\n    pass\n", Outcome.ERROR, "do not fit the call"),
    BadInput("a parameter too many", "def log_softmax(z, dim):  # here\n    pass\n", Outcome.ERROR, r"\(z, dim\)"),
    BadInput("a syntax error", "def log_softmax(z)  # here\n    pass\n", Outcome.ERROR, "SyntaxError: expected ':'"),
    BadInput("a wrong indent", "def log_softmax(z):\nreturn z  # here\n", Outcome.ERROR, "IndentationError"),
    BadInput(
        "an error on import", "import torch\n1 / 0  # here\n", Outcome.ERROR, "fails while it is imported: ZeroDiv"
    ),
    BadInput("an unknown import", "import tensorflaw  # here\n", Outcome.ERROR, "No module named 'tensorflaw'"),
    BadInput("SystemExit on import", "raise SystemExit(0)  # here\n", Outcome.ERROR, "stopped with SystemExit"),
    BadInput("bytes that are no text", "\udcff\udcfe", Outcome.ERROR, "SyntaxError"),
    BadInput("a stub on import", "raise NotImplementedError  # here\n", Outcome.TODO, r"log_softmax\.py"),
    BadInput("None", "def log_softmax(z):  # here\n    pass\n", Outcome.FAILED, "not a tensor"),
    BadInput("a list", "def log_softmax(z):  # here\n    return z.tolist()\n", Outcome.FAILED, "not a tensor"),
    BadInput("NaN", "def log_softmax(z):  # here\n    return z * float('nan')\n", Outcome.FAILED, "NaN or infinity"),
    BadInput("a wrong shape", "def log_softmax(z):  # here\n    return z[None]\n", Outcome.FAILED, "wrong shape"),
    BadInput("a wrong dtype", "def log_softmax(z):  # here\n    return z.half()\n", Outcome.FAILED, "wrong dtype"),
    BadInput("a wrong device", "def log_softmax(z):  # here\n    return z.to('sim')\n", Outcome.FAILED, "wrong device"),
    BadInput("no values", "def log_softmax(z):  # here\n    return z.to('meta')\n", Outcome.FAILED, "not a tensor"),
    BadInput("sparse", "def log_softmax(z):  # here\n    return z.to_sparse()\n", Outcome.FAILED, "not a tensor"),
    BadInput("a class", "class log_softmax:  # here\n    def __init__(self, z): ...\n", Outcome.FAILED, "not a tensor"),
)


def place_of_mark(folder: Path, file: str) -> str | None:
    """Return "file.py:line" of the line that says `# here`."""
    path = folder / file
    if not path.is_file():
        return None
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((f"{file}:{number}" for number, line in enumerate(lines, start=1) if line.endswith(HERE)), None)


def assert_ends_as_stated(result: CheckResult, bad: BadInput, location: str | None) -> None:
    assert result.outcome is bad.outcome, summary({result.id: result})
    assert re.search(bad.message, result.message), result.message
    assert result.message.isprintable(), "one line, without control characters"
    if location is not None:
        assert result.location == location


@pytest.mark.parametrize("bad", PICK_DEVICE, ids=lambda bad: bad.name)
def test_a_bad_call_costs_the_checks_of_its_function_only(
    bad: BadInput, tmp_path: Path, grade_checks: GradeChecks, child: SharedChild
) -> None:
    assert bad.text is not None
    text = fill((SOLUTION / "devices.py").read_text(encoding="utf-8"), "pick_device", bad.text)
    folder = write_submission(tmp_path, {"devices.py": text})
    limits = replace(child.challenge.limits, call_seconds=1.0 if bad.outcome is Outcome.TIMEOUT else 10.0)
    results = grade_checks(folder, only=frozenset({"devices"}), limits=limits)
    for check in ("devices.takes_the_accelerator", "devices.falls_back_to_the_cpu"):
        assert_ends_as_stated(results.pop(check), bad, place_of_mark(folder, "devices.py"))
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}, summary(results)


@pytest.mark.parametrize("bad", LOG_SOFTMAX, ids=lambda bad: bad.name)
def test_a_bad_file_costs_the_checks_of_its_step_only(bad: BadInput, tmp_path: Path, grade_checks: GradeChecks) -> None:
    folder = write_submission(tmp_path, {"log_softmax.py": None})
    if bad.text is not None:
        (folder / "log_softmax.py").write_bytes(bad.text.encode(errors="surrogateescape"))
    results = grade_checks(folder, only=frozenset({"log_softmax", "devices"}))
    assert_ends_as_stated(results["log_softmax.equals_the_reference"], bad, place_of_mark(folder, "log_softmax.py"))
    passed = {check for check, result in results.items() if result.outcome is Outcome.PASSED}
    # A function may return nonsense and still leave its input alone.
    assert {check for check in passed if check.startswith("log_softmax.")} <= {"log_softmax.leaves_its_input_alone"}
    assert {result.outcome for result in results.values() if result.step == "devices"} == {Outcome.PASSED}


@pytest.mark.parametrize(
    ("make", "message"),
    [(os.mkdir, "log_softmax.py is a folder."), (os.mkfifo, "log_softmax.py is a pipe or a device.")],
)
def test_what_has_the_name_of_a_file_and_is_none_is_called_what_it_is(
    make: Callable[[Path], None], message: str, tmp_path: Path, grade_checks: GradeChecks
) -> None:
    folder = write_submission(tmp_path, {"log_softmax.py": None})
    make(folder / "log_softmax.py")
    result = grade_checks(folder, only=frozenset({"log_softmax"}))["log_softmax.equals_the_reference"]
    assert result.outcome is Outcome.ERROR
    assert result.message.startswith(message)


def test_a_step_that_is_not_green_keeps_the_training_checks_waiting(tmp_path: Path, grade_checks: GradeChecks) -> None:
    folder = write_submission(tmp_path, {"log_softmax.py": None})
    results = grade_checks(folder)
    waiting = {result for result in results.values() if result.step == "training"}
    assert {result.outcome for result in waiting} == {Outcome.NOT_RUN}
    assert {result.message for result in waiting} == {"Waits for the step log_softmax: its checks must pass first."}
    others = {result.outcome for result in results.values() if result.step not in ("log_softmax", "training")}
    assert others == {Outcome.PASSED}


def test_a_counterexample_and_the_place_are_shown_with_a_wrong_answer(
    tmp_path: Path, grade_checks: GradeChecks
) -> None:
    text = fill((SOLUTION / "log_softmax.py").read_text(encoding="utf-8"), "log_softmax", "return logits.softmax(-1)")
    folder = write_submission(tmp_path, {"log_softmax.py": text})
    result = grade_checks(folder, only=frozenset({"log_softmax"}))["log_softmax.equals_the_reference"]
    assert [line.split()[0] for line in result.counterexample.splitlines()] == ["logits", "expected:", "got:"]
    assert result.location == "log_softmax.py:7"
