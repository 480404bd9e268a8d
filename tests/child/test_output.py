"""What learner code prints neither blocks it nor fills memory, is cut at the stated length and is safe to show."""

from __future__ import annotations

import os
import resource

import pytest

from grader.checking.expect import Mismatch, kind_of
from grader.checking.trial import Trial
from grader.submission.output import Output, without_control
from grader.verdict import Outcome
from tests.child.conftest import LIMITS, Learner
from tests.child.observing import call, end_of, still_works

UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def printed(learner: Learner, code: str) -> str:
    submission = learner(f"import os, sys\ndef run():\n    {code}\n")
    call(submission)
    return submission.process.take_output()


def test_two_hundred_megabytes_pass_through_and_are_not_kept(learner: Learner) -> None:
    submission = learner(
        "import os\ndef fine(): return 'fine'\ndef run():\n    for _ in range(200): os.write(1, b'x' * 1_000_000)\n"
    )
    call(submission, "fine")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes
    call(submission)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    output = submission.process.take_output()
    assert output.startswith("x" * LIMITS.output_bytes)
    assert "200,000,000 bytes in all" in output
    assert len(output) < LIMITS.output_bytes + 100
    assert grown < 20_000


def test_endless_output_is_a_timeout(learner: Learner) -> None:
    submission = learner(
        "def fine(): return 'fine'\ndef run():\n    while True: print('x' * 10_000)\n", call_seconds=0.5
    )
    assert end_of(submission).outcome is Outcome.TIMEOUT
    assert submission.process.take_output().startswith("xxx")
    assert still_works(submission)


@pytest.mark.parametrize(
    "code",
    [
        "print('hello')",
        "print('hello', end='')",
        "print('hello', file=sys.stderr)",
        "sys.__stdout__.write('hello')",
        "os.write(2, b'hello')",
        "os.system('echo hello')",
        "import warnings; warnings.warn('hello')",
        "import logging; logging.warning('hello')",
        "import subprocess; subprocess.run(['echo', 'hello'])",
    ],
)
def test_every_way_of_printing_is_captured(code: str, learner: Learner) -> None:
    assert "hello" in printed(learner, code)


def test_the_last_words_before_a_crash_are_kept(learner: Learner) -> None:
    submission = learner("import os\ndef run():\n    print('last words')\n    os.abort()\n")
    assert end_of(submission).outcome is Outcome.CRASHED
    assert submission.process.take_output() == "last words"


def test_what_one_check_printed_is_not_shown_with_the_next(learner: Learner) -> None:
    submission = learner("def fine(): return 'fine'\ndef run(): print('mine')\n")
    call(submission)
    assert still_works(submission)
    assert submission.process.take_output() == ""


@pytest.mark.parametrize(
    "code",
    [
        "os.close(1)",
        "os.close(1); os.close(2)",
        "sys.stdout.close()",
        "sys.stdout = None",
        "sys.stdout = open(os.devnull, 'w')",
        "os.dup2(0, 1)",
        "del sys.stdout",
        "sys.stdout = type('Full', (), {'flush': lambda self: 1 / 0})()",
    ],
)
def test_closing_or_replacing_the_output_harms_nobody(code: str, learner: Learner) -> None:
    submission = learner(f"import os, sys\ndef fine(): return 'fine'\ndef run():\n    {code}\n    return 5\n")
    assert call(submission) == 5
    assert call(submission, "fine") == "fine"


def test_there_is_nothing_to_read(learner: Learner) -> None:
    end = end_of(learner("def run(): return input()\n"))
    assert "EOFError" in end.message


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain\ttext\nof two lines", "plain\ttext\nof two lines"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b[2J\x1b[1;1Htop", "top"),
        (b"\x1b[?25lhidden", "hidden"),
        (b"\x1b]0;another title\x07text", "text"),
        (b"\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"back\x08\x08and\rforth", "backandforth"),
        (b"\x00\xff and \x9b31m", f"{UNREADABLE} and {UNREADABLE}31m"),
        ("\x9b31m".encode(), "31m"),
        ("größer → 日本".encode(), "größer → 日本"),
        ("עברית \u200fand\u202e العربية\u2066\u061c".encode(), "עברית and العربية"),
        ("one\u2028line\u2029only".encode(), "onelineonly"),
    ],
)
def test_only_what_can_be_printed_is_shown(raw: bytes, shown: str) -> None:
    assert without_control(raw.decode(errors="replace")) == shown


def test_any_bytes_can_be_printed(learner: Learner) -> None:
    output = printed(learner, "os.write(1, bytes(range(256)) * 4)")
    assert not set(output) & {chr(code) for code in (*range(9), *range(11, 32), *range(127, 160))}


def test_a_character_cut_in_two_is_not_an_error() -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, "é".encode() * 3)
    os.close(write_end)
    output = Output(read_end, 3)
    output.drain()
    assert output.take().startswith(f"é{UNREADABLE}")
    output.close()


def test_what_a_type_is_called_stays_in_its_line(learner: Learner) -> None:
    value = call(learner(r"def run(): return type('x\u202ey\nexpected: z\u2028', (), {})()" + "\n"))
    trial = Trial()
    trial.record(Mismatch("It is none.", actual=kind_of(value)), {})
    assert trial.counterexample() == "got:      a xy expected: z"
