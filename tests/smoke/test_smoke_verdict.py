"""The smoke test of challenge 5: the solution passes on every kind of data, and a model that does not learn fails."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.challenge import Limits
from grader.errors import UsageError
from grader.report.base import Report
from grader.report.json_report import as_json
from grader.smoke import SmokeOptions, SmokeTest
from grader.submission.remote import Submission
from grader.verdict import Outcome, SmokeResult, Verdict
from tests.challenge5.right_answers.attention import SAVED_MASK
from tests.submissions import SOLUTIONS, Answer, SharedChild, edit, write_submission

FINEWEB = Path(__file__).resolve().parents[3] / "shared" / "data"
Smoke = Callable[..., SmokeResult]

needs_fineweb = pytest.mark.skipif(
    not FINEWEB.is_dir(), reason="the real FineWeb documents are not part of the project; they are not beside it here"
)


@pytest.fixture
def smoke(child: SharedChild, tmp_path: Path) -> Smoke:
    def run(
        answer: Answer | None = None, *, options: SmokeOptions | None = None, limits: Limits | None = None
    ) -> SmokeResult:
        folder = write_submission(tmp_path / "submission", answer.files() if answer else {})
        child.process.end_worker()
        child.process.folder = folder
        child.process.limits = limits or child.challenge.limits
        return SmokeTest(child.challenge, options or SmokeOptions()).run(Submission(child.process), Report())

    return run


@pytest.fixture
def gpt2_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    if "TIKTOKEN_CACHE_DIR" not in os.environ:
        monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(FINEWEB / "tiktoken-cache"))


def test_the_solution_passes_on_the_packaged_corpus(smoke: Smoke) -> None:
    result = smoke()
    assert result.outcome is Outcome.PASSED, result.message
    assert result.steps == len(result.train_loss) == 240
    assert [step for step, _ in result.test_loss] == [0, 80, 160, 240]
    assert result.test_loss[-1][1] < result.test_loss[0][1] - 0.5
    assert result.sample.strip()


def test_the_same_files_give_the_same_losses(smoke: Smoke) -> None:
    first, second = smoke(), smoke()
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


@needs_fineweb
def test_the_solution_passes_on_real_fineweb(smoke: Smoke) -> None:
    result = smoke(options=SmokeOptions(data=str(FINEWEB / "fineweb-excerpt.jsonl")))
    assert result.outcome is Outcome.PASSED, result.message


@needs_fineweb
@pytest.mark.usefixtures("gpt2_vocabulary")
def test_the_solution_passes_on_real_fineweb_with_the_gpt2_vocabulary(smoke: Smoke) -> None:
    result = smoke(options=SmokeOptions(data=str(FINEWEB / "fineweb-excerpt.jsonl"), tokenizer="gpt2"))
    assert result.outcome is Outcome.PASSED, result.message
    assert "10.825" in " ".join(result.facts), "the uniform loss must be log 50257"


def test_the_solution_passes_on_one_repeated_text(smoke: Smoke, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("The ferry left at nine, and nobody on the quay had thought to bring the rope. " * 3000)
    result = smoke(options=SmokeOptions(data=str(book)))
    assert result.outcome is Outcome.PASSED, result.message


STEP = "    optimizer.step()\n"
LOSS = "    loss = final_token_loss(model(tokens, last_only=True), targets)\n"
RETURN = "    return loss.item()\n"
WRONG_TRAINING = [
    Answer("no step is taken", "training.py", edits={STEP: ""}),
    Answer("weights frozen", "training.py", edits={STEP: "    for p in model.parameters():\n        p.grad = None\n"}),
    Answer("uphill", "training.py", edits={"    loss.backward()\n": "    (-loss).backward()\n"}),
    Answer("targets shifted", "training.py", edits={LOSS: LOSS.replace("targets)", "targets[:, :-1])")}),
    Answer("targets of another batch", "training.py", edits={LOSS: LOSS.replace("targets)", "targets * 0 + 7)")}),
    Answer(
        "learns for twenty steps, then stops",
        "training.py",
        edits={
            "def train_step(": "calls = []\n\n\ndef train_step(",
            STEP: "    calls.append(1)\n    if len(calls) <= 20:\n        optimizer.step()\n",
        },
    ),
    Answer(
        "losses made up, nothing learnt",
        "training.py",
        edits={
            "def train_step(": "calls = []\n\n\ndef train_step(",
            STEP: "",
            RETURN: "    calls.append(1)\n    return 8.0 - 0.01 * len(calls)\n",
        },
    ),
    Answer("weights lost after each step", "training.py", edits={
        STEP: STEP + "    for m in model.modules():\n        if hasattr(m, 'reset_parameters'):\n"
        "            m.reset_parameters()\n"}),
]  # fmt: skip


@pytest.mark.parametrize("answer", WRONG_TRAINING, ids=lambda answer: answer.name)
def test_a_model_that_does_not_learn_fails(smoke: Smoke, answer: Answer) -> None:
    result = smoke(answer)
    assert result.outcome is Outcome.FAILED, result
    assert "nats" in result.message or "NaN" in result.message or "finite" in result.message


def test_a_way_made_longer_by_an_absurd_beginning_is_not_learning(smoke: Smoke) -> None:
    norm = "        self.final_norm = nn.LayerNorm(embed_dim)\n"
    enlarged = norm + "        with torch.no_grad():\n            self.token_embedding.weight.mul_(100)\n"
    shrunk = "    with torch.no_grad():\n        model.token_embedding.weight.clamp_(-0.1, 0.1)\n"
    text = (SOLUTIONS / "challenge5" / "model5.py").read_text(encoding="utf-8")
    result = smoke(
        Answer("shrinks", "training.py", edits={STEP: shrunk}, beside={"model5.py": edit(text, norm, enlarged)})
    )
    assert result.outcome is Outcome.FAILED, result
    assert "nats" in result.message


def test_a_made_up_test_loss_fails(smoke: Smoke) -> None:
    lie = Answer("evaluate lies", "training.py", edits={"    return sum(losses) / len(losses)\n": "    return 1.0\n"})
    result = smoke(lie)
    assert result.outcome is Outcome.FAILED
    assert "evaluate" in result.message


@pytest.mark.parametrize("value", ['float("nan")', 'float("inf")', "None", "loss", "1"])
def test_a_training_loss_that_is_no_finite_float_fails(smoke: Smoke, value: str) -> None:
    result = smoke(Answer("not finite", "training.py", edits={RETURN: f"    return {value}\n"}))
    assert result.outcome is Outcome.FAILED
    assert "train_step at step 1" in result.message


@pytest.mark.parametrize("value", ["1.7e308", "-1e7"])
def test_an_enormous_training_loss_fails_and_is_called_implausible(smoke: Smoke, value: str) -> None:
    result = smoke(Answer("enormous", "training.py", edits={RETURN: f"    return {value}\n"}))
    assert result.outcome is Outcome.FAILED
    assert "train_step at step 1 returned an implausible loss" in result.message
    assert f"{float(value):.3g}" in result.message


def test_a_training_loss_below_zero_fails(smoke: Smoke) -> None:
    result = smoke(Answer("below zero", "training.py", edits={RETURN: "    return -5.0\n"}))
    assert result.outcome is Outcome.FAILED
    assert "train_step at step 1 returned a loss below 0" in result.message


def test_a_changed_model_fails_and_names_the_given_file(smoke: Smoke) -> None:
    wider = Answer(
        "an extra layer norm",
        "model5.py",
        edits={"        self.final_norm = nn.LayerNorm(embed_dim)\n": "        self.last = nn.LayerNorm(embed_dim)\n",
               "        x = self.final_norm(x)\n": "        x = self.last(x)\n"},
    )  # fmt: skip
    result = smoke(wider)
    assert result.outcome is Outcome.FAILED
    assert "model5.py" in result.message


def test_an_exception_in_the_middle_is_told_with_its_line(smoke: Smoke) -> None:
    result = smoke(Answer("breaks", "training.py", edits={STEP: "    if loss < 7.9:\n        1 / 0\n" + STEP}))
    assert result.outcome is Outcome.ERROR
    assert "ZeroDivisionError" in result.message
    assert result.location is not None
    assert result.location.startswith("training.py:")


def ends_in_call(number: int, how: str) -> Answer:
    """`train_step` does its work, but in its n-th call it ends in another way."""
    body = f"    calls.append(1)\n    if len(calls) == {number}:\n        {how}\n"
    return Answer(how, "training.py", edits={"def train_step(": "calls = []\n\n\ndef train_step(", STEP: STEP + body})


EARLY_ENDS = [
    ("raise ValueError", Outcome.ERROR),
    ("raise SystemExit", Outcome.ERROR),
    ("return float('nan')", Outcome.FAILED),
    ("while True: pass", Outcome.TIMEOUT),
    ("__import__('os')._exit(0)", Outcome.CRASHED),
]


@pytest.mark.parametrize(("how", "outcome"), EARLY_ENDS)
def test_a_training_that_ends_early_keeps_the_losses_until_then(
    smoke: Smoke, child: SharedChild, how: str, outcome: Outcome
) -> None:
    result = smoke(ends_in_call(83, how), limits=replace(child.challenge.limits, call_seconds=1.0))
    assert result.outcome is outcome, result.message
    assert result.steps == len(result.train_loss) == 82
    assert [step for step, _ in result.test_loss] == [0, 80]
    assert all(2.0 < loss < 12.0 for loss in (*result.train_loss, *(loss for _, loss in result.test_loss)))


def test_a_training_that_ends_early_has_its_losses_in_the_json_too(smoke: Smoke) -> None:
    result = smoke(ends_in_call(3, "raise ValueError"))
    written = as_json(Verdict("challenge5", (), (), result))["smoke"]
    assert written["steps"] == 2
    assert written["train_loss"] == list(result.train_loss)
    assert written["test_loss"] == [list(result.test_loss[0])]


def test_a_training_that_fails_at_its_end_keeps_all_losses(smoke: Smoke) -> None:
    result = smoke(Answer("no step is taken", "training.py", edits={STEP: ""}))
    assert result.outcome is Outcome.FAILED
    assert (result.steps, len(result.train_loss), len(result.test_loss)) == (240, 240, 4)


def test_a_failure_before_the_first_step_has_no_losses(smoke: Smoke) -> None:
    evaluate_returns_nothing = {"    return sum(losses) / len(losses)\n": ""}
    result = smoke(Answer("nothing returned", "training.py", edits=evaluate_returns_nothing))
    assert result.outcome is Outcome.FAILED
    assert (result.steps, result.train_loss, result.test_loss) == (0, (), ())


def test_too_little_text_is_refused_with_both_numbers(smoke: Smoke, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("A short text. " * 50)
    with pytest.raises(UsageError, match=r"tokens.*needs") as refused:
        smoke(options=SmokeOptions(data=str(short)))
    assert "\n" not in str(refused.value)


def test_texts_whose_end_is_unlike_their_beginning_are_refused_before_any_training(
    child: SharedChild, tmp_path: Path
) -> None:
    changes = tmp_path / "changes.txt"
    beginning = "The ferry left at nine, and nobody on the quay had thought to bring the rope. " * 3000
    last_tenth = "0123456789 +-*/= 9876543210 [{()}] ~~ %% " * 150
    changes.write_text(beginning + last_tenth)
    with pytest.raises(UsageError, match=r"unlike its beginning.*: shuffle the texts") as refused:
        SmokeTest(child.challenge, SmokeOptions(data=str(changes))).prepare()
    assert "\n" not in str(refused.value)


def test_a_saved_mask_of_minus_infinity_is_no_infinite_weight(smoke: Smoke) -> None:
    result = smoke(SAVED_MASK)
    assert result.outcome is Outcome.PASSED, result.message


def test_the_held_out_tokens_are_none_of_those_that_the_child_gets(child: SharedChild) -> None:
    test = SmokeTest(child.challenge, SmokeOptions())
    test.prepare()
    prepared = test.prepared
    held_out = {tuple(row) for row in prepared.held_out[0].tolist()}
    given = {tuple(row) for tokens, _ in prepared.test for row in tokens.tolist()}
    assert held_out.isdisjoint(given)
    train = prepared.train.tolist()
    windows = {tuple(train[start : start + 32]) for start in range(len(train) - 32)}
    assert held_out.isdisjoint(windows)
