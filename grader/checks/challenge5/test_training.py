"""Hidden checks of step 5, `train_step` and `evaluate`."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.checking import check, expect, expect_close, expect_equal, expect_float, expect_tensor
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.model_probe import MAX_LEN, N_HEADS, VOCAB, ModelProbe, build_model, make_optimizer
from grader.checks.challenge5.strategies import SEEDS, token_batches, token_ids
from grader.submission.remote import Answer, RemoteFunction, Submission
from grader.wire import WireIterator

MODEL5 = "model5:Model5"
TRAIN_STEP = "training:train_step"
EVALUATE = "training:evaluate"
LEARNING_RATE = 0.5
TOLERANCE = 2e-5  # losses and weights are of size 1 to 5, in float32
BATCHES = token_batches(vocab=VOCAB, largest_time=MAX_LEN)
Batch = tuple[Tensor, Tensor]


def step(
    function: RemoteFunction,
    submission: Submission,
    trial: Trial,
    probe: ModelProbe,
    batch: Batch,
    *,
    lr: float = LEARNING_RATE,
) -> Answer:
    """Let the learner train the model for one step of plain gradient descent."""
    trial.note(tokens=batch[0], targets=batch[1])
    optimizer = make_optimizer(submission, probe.model, lr=lr)
    return function.call(probe.model, batch, optimizer, seed=1)


@check(of=MODEL5, examples=6, batch=BATCHES, last_only=st.booleans(), seed=SEEDS)
def test_model5_computes_the_reference(
    submission: Submission, trial: Trial, batch: Batch, last_only: bool, seed: int
) -> None:
    """Model 5, built from your files, computes the logits that it should"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    probe.model.train(False)
    tokens, _ = batch
    trial.note(tokens=tokens, last_only=last_only)
    expected = reference.model5_logits(probe.wide(), tokens, N_HEADS)
    expected = expected[:, -1:] if last_only else expected
    answer = probe.model.method("").call(tokens, kwargs={"last_only": last_only})
    actual = expect_tensor(answer.value, shape=expected.shape, dtype=torch.float32, what="the logits")
    message = "The logits of Model 5 are wrong. model5.py is given: restore it if you changed it."
    expect_close(actual, expected, tolerance=TOLERANCE, message=message, what="the logits")


@check(of=TRAIN_STEP, examples=6, batch=BATCHES, seed=SEEDS)
def test_update_follows_the_gradient(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """One step moves every weight against the gradient of the final-token loss"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    step(function, submission, trial, probe, batch)
    after, gradients = probe.now(), probe.gradients(batch)
    for name, before in probe.state.items():
        expect_close(
            after[name] - before,
            -LEARNING_RATE * gradients[name],
            tolerance=TOLERANCE,
            message=f"The update of {name} is not one step against the gradient of the final-token loss.",
            what=f"the update of {name}",
        )


@check(of=TRAIN_STEP, examples=4, batch=BATCHES, seed=SEEDS)
def test_takes_one_step(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """Each call takes exactly one step, downhill"""
    # With a tiny learning rate the gradient hardly changes, so that n steps move the weights n times as far.
    probe, lr = build_model(submission, dropout=0.0, seed=seed), 1e-3
    step(function, submission, trial, probe, batch, lr=lr)
    after, gradients = probe.now(), probe.gradients(batch)
    moved = torch.cat([(after[name] - before).flatten().double() for name, before in probe.state.items()])
    downhill = torch.cat([-lr * gradients[name].flatten() for name in probe.state])
    taken = float(moved @ downhill / (downhill @ downhill))
    expect(
        abs(taken - 1) < 0.05,
        "A call must take one step downhill: optimizer.step() once, after loss.backward().",
        expected="1 step",
        actual=f"{taken:.2f} steps" + (" (uphill)" if taken < -0.05 else ""),
    )


@check(of=TRAIN_STEP, examples=3, batch=BATCHES, old=st.sampled_from((-1.0, 0.5, 2.0)), seed=SEEDS)
def test_clears_old_gradients(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, old: float, seed: int
) -> None:
    """Gradients of an earlier step are cleared first"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    probe.model.fill_gradients(old)
    step(function, submission, trial, probe, batch)
    after, gradients = probe.now(), probe.gradients(batch)
    trial.note(old_gradients=f"{old} everywhere")
    for name, before in probe.state.items():
        expect_close(
            after[name] - before,
            -LEARNING_RATE * gradients[name],
            tolerance=TOLERANCE,
            message=f"Before the call the gradients were not zero, and they leak into the update of {name}.",
            what=f"the update of {name}",
        )


@check(of=TRAIN_STEP, examples=4, batch=BATCHES, seed=SEEDS)
def test_returns_the_loss_before_the_update(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """train_step returns the final-token loss before the update, as a float"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    answer = step(function, submission, trial, probe, batch)
    message = "train_step does not return the final-token loss that the model had before the update."
    expect_float(answer.value, probe.loss(batch), tolerance=TOLERANCE, message=message, what="the result of train_step")


@check(of=TRAIN_STEP, examples=4, batch=BATCHES, training=st.booleans(), seed=SEEDS)
def test_trains_in_training_mode(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, training: bool, seed: int
) -> None:
    """The model learns in training mode, whatever mode it comes in"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    probe.model.train(training)
    probe.model.observe()
    step(function, submission, trial, probe, batch)
    modes = {note["training"] for note in probe.model.observed()}
    trial.note(model=f"came in {'training' if training else 'evaluation'} mode")
    expect(
        modes == {True},
        "The model is not in training mode during the forward pass of train_step: call model.train() before it.",
    )


@check(of=TRAIN_STEP, examples=2, batch=BATCHES, seed=SEEDS)
def test_trains_on_the_accelerator(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """With the model on the accelerator, train_step brings the batch there"""
    for device in submission.accelerators():
        probe = build_model(submission, dropout=0.0, seed=seed, device=device)
        answer = step(function, submission, trial, probe, batch)
        trial.note(device=device)
        message = f"With the model on {device}, train_step returns another loss."
        # Real accelerators multiply matrices with less precision than the CPU.
        expect_float(answer.value, probe.loss(batch), tolerance=1e-2, message=message, what="the result of train_step")
        stayed = {value.device for value in probe.model.state().values()}
        expect(stayed == {device}, "train_step moved the model. The batch follows the model, not the other way round.")
        expect(
            any(not torch.equal(value, probe.state[name]) for name, value in probe.now().items()),
            f"With the model on {device}, train_step leaves the weights as they were.",
        )


def batches_of(seed: int, count: int, *, time: int = 4) -> list[Batch]:
    """Some batches of two sequences each."""
    return [
        (token_ids((2, time), VOCAB, seed + 2 * index), token_ids((2, time), VOCAB, seed + 2 * index + 1))
        for index in range(count)
    ]


def mean_loss(probe: ModelProbe, batches: list[Batch]) -> float:
    return sum(probe.loss(batch) for batch in batches) / len(batches)


@check(of=EVALUATE, examples=6, count=st.integers(1, 4), time=st.integers(1, MAX_LEN), seed=SEEDS)
def test_evaluate_is_the_mean_over_all_batches(
    function: RemoteFunction, submission: Submission, trial: Trial, count: int, time: int, seed: int
) -> None:
    """evaluate returns the mean final-token loss over all batches, as a float"""
    probe, batches = build_model(submission, dropout=0.0, seed=seed), batches_of(seed, count, time=time)
    answer = function.call(probe.model, batches)
    message = f"evaluate does not return the mean of the final-token losses of the {count} batches."
    losses = [round(probe.loss(batch), 6) for batch in batches]
    trial.note(losses_of_the_batches=losses)
    expect_float(
        answer.value, mean_loss(probe, batches), tolerance=TOLERANCE, message=message, what="the result of evaluate"
    )


@check(of=EVALUATE, examples=2, count=st.integers(1, 3), seed=SEEDS)
def test_evaluate_takes_any_iterable(
    function: RemoteFunction, submission: Submission, trial: Trial, count: int, seed: int
) -> None:
    """evaluate takes any iterable of batches, a generator too"""
    probe, batches = build_model(submission, dropout=0.0, seed=seed), batches_of(seed, count)
    trial.note(batches=f"a generator of {count} batches: no len(), no index, one pass")
    answer = function.call(probe.model, WireIterator(tuple(batches)))
    message = "With a generator of batches evaluate returns another loss than with a list."
    expect_float(
        answer.value, mean_loss(probe, batches), tolerance=TOLERANCE, message=message, what="the result of evaluate"
    )


@check(of=EVALUATE, examples=4, training=st.booleans(), seed=SEEDS)
def test_evaluate_has_no_dropout(
    function: RemoteFunction, submission: Submission, trial: Trial, training: bool, seed: int
) -> None:
    """evaluate measures without dropout, in whatever mode the model comes"""
    probe, batches = build_model(submission, dropout=0.5, seed=seed), batches_of(seed, 2)
    probe.model.train(training)
    trial.note(model=f"dropout 0.5, came in {'training' if training else 'evaluation'} mode")
    answer = function.call(probe.model, batches)
    message = "evaluate measures with dropout on: call model.eval() before the forward pass."
    expect_float(
        answer.value, mean_loss(probe, batches), tolerance=TOLERANCE, message=message, what="the result of evaluate"
    )


@check(of=EVALUATE, examples=2, training=st.booleans(), seed=SEEDS)
def test_evaluate_computes_no_gradients(
    function: RemoteFunction, submission: Submission, trial: Trial, training: bool, seed: int
) -> None:
    """evaluate runs with gradients off"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    probe.model.train(training)
    probe.model.observe()
    function.call(probe.model, batches_of(seed, 2))
    notes = probe.model.observed()
    expect(bool(notes), "evaluate never calls the model.")
    expect(
        not any(note["gradients"] for note in notes),
        "evaluate builds a graph for gradients: run it inside torch.no_grad() or torch.inference_mode().",
    )


@check(of=EVALUATE, examples=4, training=st.booleans(), seed=SEEDS)
def test_evaluate_restores_the_mode(
    function: RemoteFunction, submission: Submission, trial: Trial, training: bool, seed: int
) -> None:
    """evaluate leaves the model in the mode in which it came"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    probe.model.train(training)
    before = probe.model.modes()
    function.call(probe.model, batches_of(seed, 2))
    came, left = ("training" if mode else "evaluation" for mode in (training, probe.model.modes()[""]))
    expect_equal(left, came, f"The model came in {came} mode, and evaluate leaves it in {left} mode.")
    expect_equal(probe.model.modes(), before, "evaluate leaves some part of the model in another mode.")


@check(of=EVALUATE, examples=4, training=st.booleans(), old=st.sampled_from((None, 0.5)), seed=SEEDS)
def test_evaluate_changes_nothing(
    function: RemoteFunction, submission: Submission, trial: Trial, training: bool, old: float | None, seed: int
) -> None:
    """evaluate changes neither weights, gradients, optimiser nor random state"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    optimizer = make_optimizer(submission, probe.model, lr=LEARNING_RATE)
    probe.model.train(training)
    if old is not None:
        probe.model.fill_gradients(old)
    gradients, random_state = _plain(probe.model.gradients()), submission.random_state()
    settings = optimizer.method("state_dict")()
    function.call(probe.model, batches_of(seed, 2))
    now = probe.now()
    expect(all(torch.equal(now[name], value) for name, value in probe.state.items()), "evaluate changes the weights.")
    expect_equal(_plain(probe.model.gradients()), gradients, "evaluate changes the gradients of the weights.")
    expect_equal(optimizer.method("state_dict")(), settings, "evaluate changes the optimiser.")
    message = "evaluate draws random numbers, so that training would go on differently after it."
    expect(submission.random_state() == random_state, message)
    logits = probe.model.method("")(batches_of(seed, 1)[0][0])
    expect(
        getattr(logits, "requires_grad", False),
        "After evaluate the model cannot learn: it froze the weights, or switched gradients off and not on again.",
    )


def _plain(gradients: dict[str, object]) -> dict[str, object]:
    return {name: value.values.tolist() if hasattr(value, "values") else value for name, value in gradients.items()}


@check(of=EVALUATE, examples=2, training=st.booleans(), seed=SEEDS)
def test_evaluates_on_the_accelerator(
    function: RemoteFunction, submission: Submission, trial: Trial, training: bool, seed: int
) -> None:
    """With the model on the accelerator, evaluate brings the batches there"""
    batches = batches_of(seed, 2)
    for device in submission.accelerators():
        probe = build_model(submission, dropout=0.5, seed=seed, device=device)
        probe.model.train(training)
        trial.note(device=device)
        answer = function.call(probe.model, batches)
        message = f"With the model on {device}, evaluate returns another loss."
        expect_float(
            answer.value, mean_loss(probe, batches), tolerance=1e-2, message=message, what="the result of evaluate"
        )
        stayed = {value.device for value in probe.model.state().values()}
        expect(stayed == {device}, "evaluate moved the model. The batches follow the model, not the other way round.")
