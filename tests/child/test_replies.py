"""Learner code that finds the channel and answers by itself gets an error, and the next check a new worker."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable

import pytest

from grader.submission.exchange import Exchange, HungUp, Oversized, TimedOut
from grader.submission.output import Output
from grader.verdict import Outcome
from grader.wire import MAX_TEXT_BYTES
from tests.child.conftest import Learner
from tests.child.observing import FINDS_THE_CHANNEL, call, end_of, still_works

UNREADABLE = "The learner process sent an answer that cannot be read."
FORGER = FINDS_THE_CHANNEL + "\ndef fine(): return 'fine'\n\ndef run():\n"
ANSWER = '{"dict": [["id", 1], ["answer", {"dict": [["value", 5]]}]]}'

FORGERIES = {
    "garbage": "os.write(channel(), b'garbage' * 100)",
    "no JSON": "os.write(channel(), forge(b'{'))",
    "an empty frame": "os.write(channel(), forge(b''))",
    "a wrong id": f"os.write(channel(), forge(b'''{ANSWER.replace('1', '77', 1)}'''))",
    "a list": "os.write(channel(), forge(b'{\"list\": []}'))",
    "a claim of four gigabytes": "os.write(channel(), b'\\xff' * 8)",
    "one byte too many": f"os.write(channel(), forge(b'''{ANSWER}''') + b'!')",
    "two replies": f"os.write(channel(), 2 * forge(b'''{ANSWER}'''))",
    "too much JSON": f"os.write(channel(), forge(b' ' * {MAX_TEXT_BYTES + 1}))",
    "a problem that is no dict": 'os.write(channel(), forge(b\'{"dict": [["id", 1], ["problem", 3]]}\'))',
    "a fault of the grader's": """os.write(channel(), forge(
        b'{"dict": [["id", 1], ["problem", {"dict": [["kind", "internal"], ["text", "your fault"]]}]]}'))""",
    "an answer to no question": 'os.write(channel(), forge(b\'{"dict": [["id", 1], ["answer", 3]]}\'))',
    "gradients that are none": """os.write(channel(), forge(
        b'{"dict": [["id", 1], ["answer", {"dict": [["value", 1], ["gradients", 5]]}]]}'))""",
    "more gradients than arguments": """os.write(channel(), forge(
        b'{"dict": [["id", 1], ["answer", {"dict": [["value", 1], ["gradients", {"list": [1, 2]}]]}]]}'))""",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_reply_is_an_error(forgery: str, learner: Learner) -> None:
    submission = learner(FORGER + f"    {forgery}\n    os._exit(0)\n")
    end = end_of(submission)
    time.sleep(0.1)  # for the exit
    assert (end.outcome, end.message) == (Outcome.ERROR, UNREADABLE)
    assert still_works(submission)


def test_half_a_reply_and_an_exit_is_a_crash(learner: Learner) -> None:
    submission = learner(FORGER + f"    os.write(channel(), forge(b'''{ANSWER}''')[:20])\n    os._exit(3)\n")
    end = end_of(submission)
    assert end.outcome is Outcome.CRASHED
    assert "exit status 3" in end.message
    assert still_works(submission)


def test_half_a_reply_and_no_more_is_a_timeout(learner: Learner) -> None:
    source = FORGER + f"    os.write(channel(), forge(b'''{ANSWER}''')[:20])\n    while True: pass\n"
    submission = learner(source, call_seconds=0.5)
    assert end_of(submission).outcome is Outcome.TIMEOUT
    assert still_works(submission)


def test_a_second_reply_after_the_check_does_not_spoil_the_next_one(learner: Learner) -> None:
    submission = learner(
        FORGER
        + f"    late = lambda: os.write(channel(), forge(b'''{ANSWER}'''))\n"
        + "    __import__('threading').Timer(0.1, late).start()\n"
    )
    call(submission)
    time.sleep(0.3)
    assert still_works(submission)


def test_a_worker_that_ends_between_two_checks_does_not_spoil_the_next_one(learner: Learner) -> None:
    submission = learner(
        "def fine(): return 'fine'\n"
        "def run():\n    import threading, os\n    threading.Timer(0.1, os._exit, [0]).start()\n"
    )
    call(submission)
    time.sleep(0.3)
    assert still_works(submission)


def test_a_function_that_returns_in_two_processes_costs_its_check_at_most(learner: Learner) -> None:
    submission = learner("import os, time\ndef fine(): return 'fine'\ndef run():\n    os.fork()\n    return 5\n")
    assert call(submission) == 5
    time.sleep(0.1)  # for the second answer
    assert still_works(submission)


def test_a_child_that_outlives_the_worker_does_not_hide_its_crash(learner: Learner) -> None:
    source = "import os, time\ndef run():\n    if os.fork() == 0: time.sleep(1000)\n    os._exit(3)\n"
    end = end_of(learner(source))
    assert end.outcome is Outcome.CRASHED
    assert "exit status 3" in end.message


def test_an_answer_over_the_limit_is_an_error_that_names_it(learner: Learner) -> None:
    submission = learner(
        "import torch\ndef fine(): return 'fine'\ndef run(): return torch.zeros(10_000)\n", reply_bytes=20_000
    )
    end = end_of(submission)
    assert end.outcome is Outcome.ERROR
    assert "the limit is 20,000" in end.message
    assert still_works(submission)


def test_an_answer_with_too_much_json_is_an_error_that_names_the_limit(learner: Learner) -> None:
    end = end_of(learner("def run(): return [['x' * 2000] * 500] * 10\n"))
    assert end.outcome is Outcome.ERROR
    assert f"the limit is {MAX_TEXT_BYTES:,}" in end.message


@pytest.mark.parametrize(
    "answer",
    [
        "{10**5000: 1}",
        "{float('inf'): 1, float('nan'): 2}",
        "dict.fromkeys(range(100_000))",
        "{'x' * 10**6: 1}",
        "{(1, 2): 3}",
        "10**5000",
        "'\\ud800'",
        "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]",
        "[0] * 200_000",
        "object()",
        "type('Liar', (), {'__repr__': lambda self: 1 / 0})()",
        "type('Liar', (), {'__repr__': lambda self: type('Text', (str,), {'__getitem__': id})('x')})()",
        "type('Meta', (type,), {'__name__': property(lambda self: 1 / 0)})('Nameless', (), {})()",
        "type('Endless', (list,), {'__len__': lambda self: 3})()",
        "torch.zeros(2, dtype=torch.complex64)",
        "torch.zeros(2, 2).to_sparse()",
        "torch.zeros(2, device='meta')",
        "torch.quantize_per_tensor(torch.zeros(2), 1.0, 0, torch.quint8)",
        "torch.ones(2, dtype=torch.complex64).conj().imag",
        "torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)])",
        "torch.nn.Parameter(torch.zeros(2))",
        "torch.zeros(2).numpy()",
        "float32(1)",
        "lambda: 1",
        "iter([1])",
    ],
)
def test_any_value_that_is_returned_arrives_in_some_form(answer: str, learner: Learner) -> None:
    submission = learner(f"import torch\nfrom numpy import float32\ndef run(): return {answer}\n")
    call(submission)


def test_an_answer_in_pieces_of_one_byte_is_put_together() -> None:
    reply = (2).to_bytes(4, "big") + (3).to_bytes(4, "big") + b"{}abc"

    def answer(theirs: socket.socket) -> None:
        theirs.recv(100)
        for number in range(len(reply)):
            theirs.send(reply[number : number + 1])
            time.sleep(0.002)

    assert exchange(answer, b"request") == (b"{}", b"abc")


def test_a_request_is_sent_in_as_many_pieces_as_it_takes() -> None:
    request = bytes(range(256)) * 20_000  # more than a socket takes at once
    received = bytearray()

    def answer(theirs: socket.socket) -> None:
        while len(received) < len(request):
            received.extend(theirs.recv(4096))
        theirs.sendall(bytes(8))

    exchange(answer, request)
    assert received == request


def test_a_reply_before_the_request_has_been_read_is_refused() -> None:
    with pytest.raises(Oversized):
        exchange(lambda theirs: (theirs.sendall(bytes(8)), time.sleep(0.2)), b"x" * 10_000_000)


def test_hanging_up_in_the_middle_is_noticed_at_once() -> None:
    with pytest.raises(HungUp):
        exchange(lambda theirs: (theirs.recv(100), theirs.sendall(b"\0\0")), b"request")


def test_a_reply_that_trickles_does_not_stretch_the_deadline() -> None:
    def answer(theirs: socket.socket) -> None:
        theirs.recv(100)
        theirs.sendall((1000).to_bytes(4, "big") + bytes(4))
        for _ in range(30):
            time.sleep(0.02)
            theirs.send(b" ")

    started = time.monotonic()
    with pytest.raises(TimedOut):
        exchange(answer, b"request", seconds=0.2)
    assert time.monotonic() - started < 0.5


def exchange(answer: Callable[[socket.socket], object], request: bytes, seconds: float = 20.0) -> tuple[bytes, bytes]:
    """Run one exchange with a thread for a worker."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    read_end, write_end = os.pipe()
    output = Output(read_end, 100)

    def work() -> None:
        try:
            answer(theirs)
        except OSError:
            pass  # the test has hung up
        finally:
            theirs.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        return Exchange(ours, output, request, 1000).run(time.monotonic() + seconds)
    finally:
        ours.close()
        thread.join()
        output.close()
        os.close(write_end)
