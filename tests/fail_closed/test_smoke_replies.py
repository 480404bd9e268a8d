"""The smoke test reads 250 replies: one training recorded once, and played again with replies taken, cut and made up.

The parent asks for the same things in the same order each time, so that no child is needed to play it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
import torch

from grader.challenge import load_challenge
from grader.report.base import Report
from grader.smoke import SmokeOptions, SmokeTest
from grader.submission.remote import Submission
from grader.verdict import Outcome, SmokeResult
from grader.wire import WireTensor, pack, unpack
from tests.child.test_wire import parts
from tests.fail_closed.between import Between, Passing, child_between
from tests.fail_closed.made_up_child import submission_of
from tests.fail_closed.perturbing import HARM, LIES, Harm, Reply, change_anything
from tests.submissions import SOLUTIONS

CHALLENGE = load_challenge("challenge5")
State = dict[str, WireTensor]


@dataclass(frozen=True)
class Recording:
    """A smoke test whose child told the truth: its data, and all replies in order."""

    test: SmokeTest
    replies: list[Reply]

    def play(self, changes: dict[int, Harm]) -> SmokeResult:
        """Play it with the replies of these numbers (from 0, or from the end) changed."""
        changed = list(self.replies)
        for number, change in changes.items():
            changed[number] = change  # type: ignore[call-overload]

        def answering(message: dict[str, Any]) -> Reply:
            number = message["id"] - 1
            reply = changed[number]
            return reply(self.replies[number], self.replies[number - 1]) if callable(reply) else reply

        return self.test.run(submission_of(answering), Report())


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FINE_DROPOUT_CACHE", str(tmp_path_factory.mktemp("cache")))
        test, replies = SmokeTest(CHALLENGE, SmokeOptions()), []
        test.prepare()
        tokens, targets = test.prepared.held_out
        test.prepared = replace(test.prepared, held_out=(tokens[:64], targets[:64]))  # enough, and quick to measure on

        def record(passing: Passing) -> Reply:
            replies.append(passing.reply)
            return passing.reply

        with child_between(SOLUTIONS / "challenge5", CHALLENGE) as child:
            child.change = record
            assert run_on(child, test).outcome is Outcome.PASSED
        yield Recording(test, replies)


def run_on(child: Between, test: SmokeTest) -> SmokeResult:
    return test.run(Submission(child), Report())


FIRST_WEIGHTS, FIRST_LOSS, LAST_LOSS, LAST_WEIGHTS = 0, 1, -2, -1


def test_the_recording_passes(recording: Recording) -> None:
    assert recording.play({}).outcome is Outcome.PASSED


@pytest.mark.parametrize("number", [FIRST_WEIGHTS, FIRST_LOSS, 100, LAST_LOSS, LAST_WEIGHTS])
@pytest.mark.parametrize("harm", HARM)
def test_no_reply_can_be_spoilt(harm: str, number: int, recording: Recording) -> None:
    assert recording.play({number: HARM[harm]}).outcome is not Outcome.PASSED


@pytest.mark.parametrize("number", [LAST_LOSS, LAST_WEIGHTS])
@pytest.mark.parametrize("lie", LIES)
def test_no_lie_about_the_end_passes(lie: str, number: int, recording: Recording) -> None:
    assert recording.play({number: LIES[lie]}).outcome is Outcome.FAILED


def test_any_change_of_a_reply_has_a_known_end(recording: Recording) -> None:
    """...and a fault of the grader is none."""
    random = Random(5)
    for _ in range(60):
        number = random.choice([FIRST_WEIGHTS, LAST_LOSS, LAST_WEIGHTS, random.randrange(len(recording.replies))])
        result = recording.play({number: lambda reply, before: change_anything(reply, random)})
        assert result.outcome in Outcome


def weights_of(change: Callable[[State], dict[Any, Any]]) -> Harm:
    """A reply with other weights in it."""

    def lie(reply: Reply, before: Reply) -> Reply:
        message = unpack(*reply)
        return parts(pack({**message, "answer": change(message["answer"])}))

    return lie


def tensor(values: torch.Tensor) -> WireTensor:
    return WireTensor(values)


EMBEDDING, BIAS = "token_embedding.weight", "final_norm.bias"
WRONG_WEIGHTS: dict[str, Callable[[State], dict[Any, Any]]] = {
    "none at all": lambda state: {},
    "one missing": lambda state: {name: value for name, value in state.items() if name != BIAS},
    "a larger vocabulary": lambda state: {**state, EMBEDDING: tensor(state[EMBEDDING].values.repeat(2, 1))},
    "a smaller vocabulary": lambda state: {**state, EMBEDDING: tensor(state[EMBEDDING].values[:10])},
    "a vocabulary that no memory holds": lambda state: {
        name: tensor(torch.zeros(4_000_000 if name == EMBEDDING else value.values.shape[0], 4))
        for name, value in state.items()
    },
    "flat ones": lambda state: {name: tensor(value.values.flatten()) for name, value in state.items()},
    "empty ones": lambda state: {name: tensor(value.values[:0]) for name, value in state.items()},
    "whole numbers": lambda state: {name: tensor(value.values.long()) for name, value in state.items()},
    "flags": lambda state: {name: tensor(value.values > 0) for name, value in state.items()},
    "numbers for names": lambda state: dict(enumerate(state.values())),
    "a name without a number": lambda state: {**state, "blocks.x.mlp.0.weight": state[BIAS]},
    "a thousand blocks more": lambda state: {
        **state, **{f"blocks.{number}.mlp.0.weight": tensor(torch.zeros(1)) for number in range(2, 1000)}
    },
    "texts": lambda state: dict.fromkeys(state, "0.5"),
    "NaN": lambda state: {name: tensor(value.values * float("nan")) for name, value in state.items()},
    "numbers so large that they overflow": lambda state: {
        name: tensor(value.values * 1e30) for name, value in state.items()
    },
    "one number so large that it overflows": lambda state: {
        **state, EMBEDDING: tensor(state[EMBEDDING].values.index_fill(0, torch.arange(0, 256), 3e38))
    },
}  # fmt: skip


@pytest.mark.parametrize("number", [FIRST_WEIGHTS, LAST_WEIGHTS])
@pytest.mark.parametrize("wrong", WRONG_WEIGHTS)
def test_weights_that_are_not_those_of_the_model_have_a_known_end(
    wrong: str, number: int, recording: Recording
) -> None:
    result = recording.play({number: weights_of(WRONG_WEIGHTS[wrong])})
    if number == LAST_WEIGHTS and wrong not in HARMLESS:
        assert result.outcome in (Outcome.FAILED, Outcome.ERROR)


HARMLESS = ("a name without a number", "a thousand blocks more")  # what is there besides the model's weights


def test_weights_that_begin_absurdly_do_not_lower_the_bar(recording: Recording) -> None:
    """A model whose first loss is 1000 nats must end as low as one that begins with a guess."""

    def inflated(state: State) -> dict[Any, Any]:
        return {**state, EMBEDDING: tensor(state[EMBEDDING].values * 100)}

    def first_ones(reply: Reply, before: Reply) -> Reply:
        """The weights as they were at the beginning, which have learnt nothing."""
        return parts(pack({**unpack(*reply), "answer": unpack(*recording.replies[FIRST_WEIGHTS])["answer"]}))

    def first_loss(reply: Reply, before: Reply) -> Reply:
        return parts(pack({**unpack(*reply), "answer": unpack(*recording.replies[FIRST_LOSS])["answer"]}))

    unlearnt = {FIRST_WEIGHTS: weights_of(inflated), LAST_LOSS: first_loss, LAST_WEIGHTS: first_ones}
    assert recording.play(unlearnt).outcome is Outcome.FAILED
