"""Whole runs of the real checks on a truthful child, of whose replies one here and there is spoilt on its way.

In each round about half of the checks get one spoilt reply. None of these passes, all others find what they always
find, and the run never ends in an exception of ours: `run_checks` would raise it, and the test with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from grader.challenge import load_challenge
from grader.verdict import CheckResult, Outcome
from tests.fail_closed.between import Between, Passing, child_between
from tests.fail_closed.perturbing import HARM, LIES, Reply, change_anything
from tests.submissions import SOLUTIONS

ROUNDS = range(3)
# Checks that look at something else than the values of the answers: how the call went, or what it left behind.
NOT_COMPARED = {
    "attention.dropout_acts_on_the_weights": "only whether two entries are zero together",
    "attention.eval_mode_has_no_dropout": "not at the second answer of a module without dropout",
    "attention.mode_is_read_not_changed": "only the modes before and after",
    "attention.training_mode_differs_from_call_to_call": "only that two answers differ",
    "final_token_loss.is_a_scalar_with_a_graph": "only the shape and whether it carries a graph",
    "training.clears_old_gradients": "only the weights after the step",
    "training.evaluate_changes_nothing": "only what is there before and after",
    "training.evaluate_computes_no_gradients": "only in which mode the model was called",
    "training.evaluate_restores_the_mode": "only the modes before and after",
    "training.takes_one_step": "only the weights after the step",
    "training.trains_in_training_mode": "only in which mode the model was called, and that losses differ",
    "training.update_follows_the_gradient": "only the weights after the step",
}


@dataclass(frozen=True)
class Truth:
    """What the checks find when nothing is spoilt, and what they asked: by check, the names of the requests."""

    results: tuple[CheckResult, ...]
    asked: dict[int, list[str]]


@pytest.fixture(scope="module")
def child() -> Iterator[Between]:
    with child_between(SOLUTIONS / "challenge5", load_challenge("challenge5")) as child:
        yield child


@pytest.fixture(scope="module")
def truth(child: Between) -> Truth:
    asked: dict[int, list[str]] = {}

    def listen(passing: Passing) -> Reply:
        asked.setdefault(passing.check, []).append(passing.asked)
        return passing.reply

    return Truth(child.run_checks(listen), asked)


@dataclass(frozen=True)
class Spoilt:
    """Which reply of a check is spoilt, and how: a name of `HARM` or `LIES`, or "anything"."""

    number: int
    how: str

    def reply(self, passing: Passing) -> Reply:
        if self.how == "anything":
            return change_anything(passing.reply, Random(f"{passing.check} {passing.number}"))
        return {**HARM, **LIES}[self.how](passing.reply, passing.before)


def run_with(child: Between, spoilt: dict[int, Spoilt]) -> tuple[CheckResult, ...]:
    def change(passing: Passing) -> Reply:
        plan = spoilt.get(passing.check)
        return plan.reply(passing) if plan is not None and plan.number == passing.number else passing.reply

    return child.run_checks(change)


def described(found: tuple[CheckResult, ...], spoilt: dict[int, Spoilt], which: list[int]) -> str:
    return "\n".join(f"{found[index].id}: {found[index].outcome} after {spoilt.get(index)}" for index in which)


def expect_others_unchanged(found: tuple[CheckResult, ...], spoilt: dict[int, Spoilt], truth: Truth) -> None:
    changed = [i for i, result in enumerate(truth.results) if i not in spoilt and found[i] != result]
    assert not changed, described(found, spoilt, changed)


def test_nothing_spoilt_is_a_pass_of_every_check(truth: Truth) -> None:
    assert {result.outcome for result in truth.results} == {Outcome.PASSED}
    assert len(truth.asked) == len(truth.results)


@pytest.mark.parametrize("seed", ROUNDS)
def test_no_check_passes_with_a_reply_spoilt(seed: int, child: Between, truth: Truth) -> None:
    random = Random(seed)
    spoilt = {
        index: Spoilt(random.randrange(len(asked)), random.choice(list(HARM)))
        for index, asked in truth.asked.items()
        if random.random() < 0.5
    }
    found = run_with(child, spoilt)
    passed = [index for index in spoilt if found[index].outcome is Outcome.PASSED]
    assert not passed, described(found, spoilt, passed)
    expect_others_unchanged(found, spoilt, truth)


@pytest.mark.parametrize("lie", LIES)
def test_no_check_passes_with_an_answer_in_which_nothing_is_right(lie: str, child: Between, truth: Truth) -> None:
    random = Random(lie)
    spoilt = {
        index: Spoilt(random.choice([number for number, what in enumerate(asked) if what == "call"]), lie)
        for index, asked in truth.asked.items()
        if "call" in asked and truth.results[index].id not in NOT_COMPARED
    }
    found = run_with(child, spoilt)
    passed = [index for index in spoilt if found[index].outcome is Outcome.PASSED]
    assert not passed, described(found, spoilt, passed)
    expect_others_unchanged(found, spoilt, truth)


@pytest.mark.parametrize("seed", ROUNDS)
def test_any_change_of_a_reply_costs_one_check_at_most(seed: int, child: Between, truth: Truth) -> None:
    """...which may pass: the change may be one of no consequence."""
    random = Random(seed)
    spoilt = {index: Spoilt(random.randrange(len(asked)), "anything") for index, asked in truth.asked.items()}
    spoilt = {index: plan for index, plan in spoilt.items() if random.random() < 0.7}
    expect_others_unchanged(run_with(child, spoilt), spoilt, truth)


def test_every_exception_from_comparing_is_a_check_that_there_is(truth: Truth) -> None:
    assert NOT_COMPARED.keys() <= {result.id for result in truth.results}
