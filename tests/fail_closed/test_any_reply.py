"""Whatever a reply says, each reader in the parent takes it or refuses it with a sentence for the learner.

Replies are made from true ones by changes to their JSON, their tensors and their text, a thousand for each reader.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.submission.problems import CheckAborted, LearnerError, location_from
from grader.submission.remote import Answer, RemoteObject, Submission
from grader.verdict import Outcome
from grader.wire import WireDevice, WireIterator, WireObject, WireOpaque, WireTensor, pack
from tests.child.test_wire import parts
from tests.fail_closed.made_up_child import reply_with, submission_of
from tests.fail_closed.perturbing import Reply, change_anything

MANY = settings(max_examples=1000, deadline=None, database=None, derandomize=True)
TENSOR = WireTensor(torch.tensor([[0.5, -2.0], [0.0, 1.0]]), "sim:0", requires_grad=True)
WEIGHTS = {"qkv.weight": TENSOR, "mask": WireTensor(torch.tensor([True, False])), "count": WireTensor(torch.tensor(3))}
NOTES = [{"training": True, "gradients": False}, {"training": False, "gradients": True}]
PLAIN = (None, bool, int, float, str, list, tuple, dict, WireTensor, WireObject, WireOpaque, WireDevice, WireIterator)


def model(submission: Submission) -> RemoteObject:
    return RemoteObject(submission, WireObject(1))


def called(submission: Submission) -> Answer:
    given = WireTensor(torch.zeros(2, 2), requires_grad=True)
    return submission.function("attention", "forward").call(given, 3, cotangent=torch.ones(2, 2), echo=True)


def is_call(answer: Any) -> bool:
    parts_fit = answer.gradients is None or len(answer.gradients) == 1
    return parts_fit and (answer.arguments is None or len(answer.arguments) == 2)


def is_names_to(*kinds: type) -> Callable[[Any], bool]:
    return lambda answer: all(isinstance(key, str) and isinstance(value, kinds) for key, value in answer.items())


def is_location(answer: Any) -> bool:
    return answer is None or (isinstance(answer, str) and len(answer) < 1000 and "\n" not in answer)


ANYTHING: tuple[type, ...] = (object,)
# What is asked, the true answer, and what may be relied upon when the reader takes an answer.
READERS: dict[str, tuple[Callable[[Submission], Any], Any, Callable[[Any], bool]]] = {
    "a call": (called, {"value": [TENSOR, {"a": 1.5}], "gradients": [TENSOR], "arguments": [TENSOR, 3]}, is_call),
    "a value": (lambda s: model(s).fetch(), (TENSOR, WireDevice("sim:0"), torch.float32, None), lambda answer: True),
    "the modes": (
        lambda s: model(s).modes(),
        {"": True, "attention": False, "attention.out": True},
        lambda answer: is_names_to(bool)(answer) and "" in answer,
    ),
    "the weights": (lambda s: model(s).state(), WEIGHTS, is_names_to(*ANYTHING)),
    "the gradients": (
        lambda s: model(s).gradients(),
        {**WEIGHTS, "unused": None},
        is_names_to(type(None), WireTensor, WireOpaque),
    ),
    "what was observed": (
        lambda s: model(s).observed(),
        NOTES,
        lambda answer: all(note.keys() == NOTES[0].keys() and is_names_to(bool)(note) for note in answer),
    ),
    "the random state": (
        lambda s: s.random_state(),
        ["a" * 64, "b" * 64],
        lambda answer: isinstance(answer, list) and answer and all(isinstance(digest, str) for digest in answer),
    ),
    "the devices": (
        lambda s: s.accelerators(),
        {"simulated": True, "accelerator": "cuda:0"},
        lambda answer: answer == ["sim:0"] or torch.accelerator.is_available(),
    ),
    "a place": (lambda s: s.function("attention", "forward").location(), ["attention.py", 12], is_location),
}


def end_of(ask: Callable[[Submission], Any], answering: Callable[[dict[str, Any]], Reply]) -> Any:
    """Ask; return what was taken, or None where it was refused as it should be."""
    try:
        return ask(submission_of(answering))
    except (LearnerError, CheckAborted) as refused:
        end = refused
    assert end.outcome in (Outcome.ERROR, Outcome.TODO)
    assert end.message
    assert end.message.isprintable()  # and one line
    return None


@pytest.mark.parametrize("reader", READERS)
def test_the_true_answer_is_taken(reader: str) -> None:
    ask, answer, fits = READERS[reader]
    taken = ask(submission_of(lambda message: reply_with(message, answer)))
    assert taken
    assert fits(taken)


@pytest.mark.parametrize("reader", READERS)
@MANY
@given(random=st.integers(0, 2**32 - 1).map(Random))
def test_a_changed_answer_is_taken_or_refused(reader: str, random: Random) -> None:
    ask, answer, fits = READERS[reader]
    taken = end_of(ask, lambda message: change_anything(reply_with(message, answer), random))
    assert taken is None or fits(taken)


FACTS = {
    "kind": "missing_name", "type": "ValueError", "text": "no such head", "todo": False, "file": "attention.py",
    "line": 12, "from_file": "training.py", "from_line": 7, "names": ["forward", "backward"],
}  # fmt: skip
KINDS = (
    "missing_file",
    "folder",
    "no_plain_file",
    "missing_name",
    "signature",
    "syntax",
    "import",
    "call",
    "reply",
    "internal",
)


@MANY
@given(kind=st.sampled_from(KINDS), random=st.integers(0, 2**32 - 1).map(Random))
def test_a_changed_problem_is_still_a_problem(kind: str, random: Random) -> None:
    """...or no reply that can be read; never an answer of its own."""
    problem = {**FACTS, "kind": kind}

    def answering(message: dict[str, Any]) -> Reply:
        return change_anything(parts(pack({"id": message["id"], "problem": problem})), random)

    assert end_of(lambda submission: submission.ask("fetch"), answering) is None


@MANY
@given(file=st.none() | st.text(max_size=20) | st.integers(), line=st.none() | st.integers() | st.floats())
def test_a_location_is_short_and_can_be_printed(file: Any, line: Any) -> None:
    location = location_from(file, line)
    assert location is None or (location.isprintable() and len(location) < 300)


def test_a_reply_that_cannot_be_read_costs_the_worker() -> None:
    submission = submission_of(lambda message: (b"{", b""))
    with pytest.raises(CheckAborted):
        submission.ask("hello")
    assert submission.process.ended == 1  # type: ignore[attr-defined]


def test_a_reply_for_which_memory_is_short_costs_its_check_and_no_more() -> None:
    def answering(message: dict[str, Any]) -> Reply:
        raise MemoryError

    submission = submission_of(answering)
    with pytest.raises(CheckAborted, match="cannot be read"):
        submission.ask("hello")
    assert submission.process.ended == 1  # type: ignore[attr-defined]


UNASKED = {"value": 1, "gradients": [], "arguments": [1, 2], "more": "x"}


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, ["value"]),
        ({"cotangent": 1.0}, ["value", "gradients"]),
        ({"echo": True}, ["value", "arguments"]),
        ({"cotangent": 1.0, "echo": True}, ["value", "gradients", "arguments"]),
    ],
    ids=str,
)
def test_an_answer_holds_what_was_asked_for_and_nothing_else(options: dict[str, Any], asked: list[str]) -> None:
    for other in (None, *UNASKED):
        names = set(asked) ^ {other} - {None}  # the right ones, one too many, or one too few
        answer = {name: UNASKED[name] for name in names if name is not None}
        taken = end_of(
            lambda submission: submission.function("code", "run").call(1, 2, **options),
            lambda message, answer=answer: reply_with(message, answer),  # type: ignore[misc]
        )
        assert (taken is None) == (other is not None), names


@pytest.mark.parametrize("more", ["problem", "more"])
def test_a_reply_with_something_beside_its_answer_is_refused(more: str) -> None:
    with pytest.raises(CheckAborted):
        submission_of(lambda message: parts(pack({"id": message["id"], "answer": 5, more: 5}))).ask("fetch")


@pytest.mark.parametrize("accelerator", ["cpu", "meta", "sim:0", "", None, "\x1b[2J"])
def test_a_made_up_accelerator_does_not_stand_in_for_the_simulated_one(accelerator: str | None) -> None:
    """With "cpu" in its place, the checks of devices would have nothing to find."""
    hello = {"simulated": False, "accelerator": accelerator}
    with pytest.raises(CheckAborted):
        submission_of(lambda message: reply_with(message, hello)).accelerators()


@pytest.mark.parametrize("other", [2, "1", None, 1.5, [1], {"a": 1}])
def test_a_reply_to_another_request_is_refused(other: Any) -> None:
    with pytest.raises(CheckAborted):
        submission_of(lambda message: parts(pack({"id": other, "answer": 5}))).ask("fetch")
