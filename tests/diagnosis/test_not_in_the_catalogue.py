"""A wrong answer that is no known mistake is given no name: a wrong name is worse than none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.challenge5.wrong_answers import WRONG_ANSWERS
from tests.diagnosis.conftest import Diagnosed
from tests.submissions import Answer, write_submission

UNKNOWN = {
    "log_softmax": (
        "shifted by the mean", "temperature 2", "log-sigmoid", "rounded to three digits", "computed in bfloat16",
        "clamped softmax", "gradient of the softmax", "a list",
    ),
    "final_token_loss": (
        "perplexity", "median", "log of the mean probability", "squared error of the probabilities",
        "weighted by the place in the batch", "the largest id ignored", "every pair of logits and target",
        "no maximum subtracted",
    ),
    "devices": (
        "MPS or the CPU, no other accelerator", "tokens twice", "stacked into one tensor", "ids cut at 5", "backwards",
        "length of all tokens", "at most 32",
    ),
}  # fmt: skip
ATTENTION_IN_HALVES = Answer("half the scale", "attention.py", edits={"is_causal=True)": "is_causal=True, scale=0.5)"})
RATE_OF_A_THIRD = Answer("a third of the rate", "attention.py", edits={"self.dropout if": "self.dropout / 3 if"})
LOSS_OF_HALF = Answer("half the loss", "training.py", edits={"return loss.item()": "return loss.item() / 2"})
INVENTED = (ATTENTION_IN_HALVES, RATE_OF_A_THIRD, LOSS_OF_HALF)
TAKEN = tuple(wrong.answer for wrong in WRONG_ANSWERS if wrong.name in UNKNOWN.get(wrong.step, ()))


@pytest.mark.parametrize("answer", [*TAKEN, *INVENTED], ids=lambda answer: f"{answer.step}: {answer.name}")
def test_an_unknown_wrong_answer_is_not_named(answer: Answer, tmp_path: Path, diagnosed: Diagnosed) -> None:
    assert diagnosed.names(write_submission(tmp_path, answer.files()), answer.step) == {None}


def test_all_of_these_are_wrong_answers_that_the_checks_know() -> None:
    assert len(TAKEN) == sum(map(len, UNKNOWN.values()))


def test_two_known_mistakes_in_one_function_are_not_named_as_one_of_them(tmp_path: Path, diagnosed: Diagnosed) -> None:
    body = "return F.nll_loss(logits[:, 0], targets[:, 0])"  # raw logits, and of the first position
    answer = Answer("two at once", "final_token_loss.py", bodies={"final_token_loss": body})
    assert diagnosed.names(write_submission(tmp_path, answer.files()), answer.step) == {None}


def test_an_exception_is_not_named_after_another_mistake(tmp_path: Path, diagnosed: Diagnosed) -> None:
    edits = {"model.train(was_training)": "pass", "/ len(losses)": "/ len(batches)"}
    folder = write_submission(tmp_path, Answer("mode and len()", "training.py", edits=edits).files())
    wrong = [result for result in diagnosed.results(folder, "training") if result.outcome != "passed"]
    named = {result.id.removeprefix("training.evaluate_"): result.mistake for result in wrong}
    assert named == {"restores_the_mode": "left_in_eval_mode", "takes_any_iterable": None}


def test_a_step_that_is_built_on_a_wrong_one_is_not_blamed(tmp_path: Path, diagnosed: Diagnosed) -> None:
    wrong = Answer("softmax", "log_softmax.py", bodies={"log_softmax": "return logits.softmax(-1)"})
    body = "from log_softmax import log_softmax\nreturn F.nll_loss(log_softmax(logits[:, -1]), targets[:, -1])"
    right = Answer("built on it", "final_token_loss.py", bodies={"final_token_loss": body})
    folder = write_submission(tmp_path, wrong.files() | right.files())
    results = diagnosed.results(folder, "log_softmax", "final_token_loss")
    named = {(result.step, result.mistake) for result in results if result.outcome != "passed"}
    assert named == {("log_softmax", "softmax_instead"), ("final_token_loss", None)}


def test_no_mistake_is_named_where_the_function_is_never_called(tmp_path: Path, diagnosed: Diagnosed) -> None:
    """With tensors made on another device than the batch, the model fails before `train_step` is called."""
    edits = {"def pick_device": 'torch.set_default_device("sim")\n\n\ndef pick_device'}
    folder = write_submission(tmp_path, Answer("another default device", "devices.py", edits=edits).files())
    results = diagnosed.results(folder, "training")
    wrong = [result for result in results if result.outcome != "passed"]
    assert wrong
    assert {result.mistake for result in wrong} == {None}
