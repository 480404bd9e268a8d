"""Hidden checks of step 5, `train_step` and `evaluate`."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st

from grader.checking import check, expect, expect_close, expect_equal, expect_tensor
from grader.checking.display import device_name
from grader.checking.trial import Trial
from grader.checks.challenge5 import reference
from grader.checks.challenge5.dropout_sites import BLANK, SITES, expect_dropped, weights_for
from grader.checks.challenge5.model_probe import (
    MAX_LEN,
    N_HEADS,
    VOCAB,
    Batch,
    ModelProbe,
    build_model,
    draw_weights,
    make_optimizer,
    steepened,
)
from grader.checks.challenge5.random_state import expect_no_seed
from grader.checks.challenge5.strategies import (
    EVALUATION,
    MODES,
    SEEDS,
    TRAINING,
    batches_of,
    lists_of_batches,
    token_batches,
)
from grader.checks.challenge5.training_probe import (
    LEARNING_RATE,
    TOLERANCE,
    expect_drawn,
    expect_dropout_counts,
    expect_loss,
    expect_loss_of_the_update,
    expect_mean,
    expect_not_moved,
    expect_same_batches,
    expect_same_gradients,
    expect_same_rates,
    expect_same_settings,
    expect_update,
    rates_while_training,
    settings_of,
    step,
)
from grader.submission.remote import RemoteFunction, Submission
from grader.wire import WireIterator

MODEL5 = "model5:Model5"
TRAIN_STEP = "training:train_step"
EVALUATE = "training:evaluate"
WRONG_RETURN = "train_step does not return the final-token loss from before the update."
WRONG_UPDATE = "The update of {name} does not follow the gradient of the loss."
WRONG_MEAN = "evaluate does not return the mean of the final-token losses of the batches."
ACCELERATOR_TOLERANCE = 1e-2  # real accelerators multiply matrices with less precision than the CPU
BATCHES = token_batches(vocab=VOCAB, largest_time=MAX_LEN)


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
    expect_every_dropout(submission, trial, seed)


def expect_every_dropout(submission: Submission, trial: Trial, seed: int) -> None:
    """Fail unless each dropout layer of Model 5 drops something in training mode."""
    tokens = torch.full((4, MAX_LEN), BLANK)
    trial.note(tokens=tokens, last_only=False, dropout=0.5, mode=TRAINING)
    for site in SITES:
        probe = build_model(submission, dropout=0.5, seed=seed, weights=weights_for(site, MAX_LEN))
        answer = probe.model.method("").call(tokens, seed=seed).value
        expect_dropped(expect_tensor(answer, shape=(*tokens.shape, VOCAB), what="the logits"), site)


@check(of=TRAIN_STEP, examples=4, batch=BATCHES, seed=SEEDS)
def test_returns_the_loss_before_the_update(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """train_step returns the loss before the update, as a float"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    answer = step(function, submission, trial, probe, batch)
    expect_loss(answer, probe, batch, WRONG_RETURN)
    expect_same_batches(answer, [batch], "train_step")


@check(of=TRAIN_STEP, examples=4, batch=BATCHES, seed=SEEDS)
def test_takes_one_step(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """Each call takes exactly one step, downhill"""
    # With a tiny learning rate the gradient hardly changes, so that n steps move the weights n times as far.
    probe, lr, weight_decay = build_model(submission, dropout=0.0, seed=seed), 1e-3, 1e-3
    trial.note(tokens=batch[0], targets=batch[1])
    optimizer = make_optimizer(submission, probe, lr=lr, weight_decay=weight_decay)
    settings = settings_of(optimizer)
    function.call(probe.model, batch, optimizer, seed=1)
    after, gradients = probe.now(), probe.gradients(batch)
    # Tells a step that was left out from one that found no gradients any more.
    there = any(gradient is not None for gradient in probe.model.gradients().values())
    trial.note(gradients_after_the_call="there" if there else "none")
    moved = torch.cat([(after[name] - before).flatten().double() for name, before in probe.state.items()])
    downhill = torch.cat(
        [-lr * (gradients[name] + weight_decay * before).flatten() for name, before in probe.state.items()]
    )
    taken = float(moved @ downhill / (downhill @ downhill))
    is_downhill = taken > 0.05  # but not as far as one step leads
    expect(
        abs(taken - 1) < 0.05,
        "One call must take one step downhill: optimizer.step() once, after "
        + ("one backward(), with nothing scaled or clipped." if is_downhill else "backward()."),
        expected="1 step",
        actual=f"{taken:.2f} steps" + (" (uphill)" if taken < -0.05 else ""),
    )
    expect_same_settings(settings_of(optimizer), settings)


# A gradient whose norm is in the hundreds shows what is done to large gradients only, such as clipping. The first of
# these is the first that is tried, so that it comes often enough.
SMALL, LARGE = "small", "large"
SIZES = st.sampled_from((SMALL, LARGE, LARGE))
STEEPNESS = 1024.0


@check(of=TRAIN_STEP, examples=6, size_of_gradients=SIZES, batch=BATCHES, seed=SEEDS)
def test_update_follows_the_gradient(
    function: RemoteFunction, submission: Submission, trial: Trial, size_of_gradients: str, batch: Batch, seed: int
) -> None:
    """One step moves every weight against the gradient of the loss"""
    weights = steepened(draw_weights(seed), STEEPNESS if size_of_gradients == LARGE else 1.0)
    probe = build_model(submission, dropout=0.0, seed=seed, weights=weights)
    step(function, submission, trial, probe, batch)
    expect_update(probe, batch, WRONG_UPDATE)
    expect_loss_of_the_update(function, submission, trial, batch, seed)


@check(of=TRAIN_STEP, examples=3, batch=BATCHES, old_gradients=st.sampled_from((-1.0, 0.5, 2.0)), seed=SEEDS)
def test_clears_old_gradients(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, old_gradients: float, seed: int
) -> None:
    """Gradients of an earlier step are cleared first"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    step(function, submission, trial, probe, batch)
    expect_update(probe, batch, WRONG_UPDATE)
    probe = build_model(submission, dropout=0.0, seed=seed)
    probe.model.fill_gradients(old_gradients)
    step(function, submission, trial, probe, batch)
    expect_update(probe, batch, "Gradients from before the call leak into the update of {name}.")


@check(of=TRAIN_STEP, examples=3, batch=BATCHES, seed=SEEDS)
def test_optimizer_remembers(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """What the optimiser remembers of earlier steps is left to it"""
    momentum = 0.75
    probe = build_model(submission, dropout=0.0, seed=seed)
    trial.note(tokens=batch[0], targets=batch[1], momentum=momentum)
    optimizer = make_optimizer(submission, probe, lr=LEARNING_RATE, momentum=momentum)
    first = function.call(probe.model, batch, optimizer, seed=1)
    expect_loss(first, probe, batch, WRONG_RETURN)
    expect_update(probe, batch, WRONG_UPDATE)
    gradients = probe.gradients(batch)
    lost = probe.lost_in_float32(batch, gradients)
    probe = replace(probe, state=probe.now())
    second = function.call(probe.model, batch, optimizer, seed=2)
    expect_loss(second, probe, batch, "A second call does not return the loss from before its own update.")
    expect_update(
        probe,
        batch,
        "In a second call the update of {name} does not build on the first step. Clear the gradients in every call, use"
        " the optimizer that is given, leave to it what it remembers of the steps before, and put no new parameters"
        " into the model.",
        remembered={name: momentum * gradient for name, gradient in gradients.items()},
        lost=lost,
    )


@check(of=TRAIN_STEP, examples=4, batch=BATCHES, mode_before=MODES, seed=SEEDS)
def test_trains_in_training_mode(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, mode_before: str, seed: int
) -> None:
    """The model learns in training mode, whatever mode it comes in"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    rates = rates_while_training(probe.model, batch[0])
    probe.model.train(mode_before == TRAINING)
    probe.model.observe()
    step(function, submission, trial, probe, batch)
    random_state = submission.random_state()
    # Only what is learned from: a right answer may also ask for the loss without dropout, to print it.
    notes = probe.model.observed()
    modes = {note["training"] for note in notes if note["gradients"]}
    expect(bool(notes), "train_step never calls the model.")
    expect(bool(modes), "train_step calls the model with gradients off only, so that it learns nothing.")
    expect(
        modes == {True},
        "The model is not in training mode during the forward pass of train_step: call model.train() before it.",
    )
    expect_not_moved(probe.model, "cpu", "train_step")
    expect_same_rates(probe.model, batch[0], rates, "train_step")
    expect_drawn(submission, random_state, seed=1)
    step(function, submission, trial, probe, batch, seed=2)
    other_state = submission.random_state()
    step(function, submission, trial, probe, batch)
    expect_no_seed(
        random_state,
        submission.random_state(),
        other_state,
        "train_step gives a random generator a seed, so that what is dropped does not follow from the caller's. Leave"
        " the seed to the caller.",
    )
    expect_dropout_counts(function, submission, trial)


@check(of=TRAIN_STEP, examples=2, batch=BATCHES, seed=SEEDS)
def test_trains_on_the_accelerator(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """train_step brings the batch to a model on the accelerator"""
    for device in ("cpu", *submission.accelerators()):
        trial.note(device=device_name(device))
        probe = build_model(submission, dropout=0.0, seed=seed, device=device)
        answer = step(function, submission, trial, probe, batch)
        message = WRONG_RETURN if device == "cpu" else f"With the model on {device}, train_step returns another loss."
        expect_loss(answer, probe, batch, message, tolerance=ACCELERATOR_TOLERANCE)
        expect_not_moved(probe.model, device, "train_step")
        expect(
            any(not torch.equal(value, probe.state[name]) for name, value in probe.now().items()),
            f"With the model on {device}, train_step leaves the weights as they were.",
        )


def two_batches(seed: int) -> list[Batch]:
    return batches_of(seed, 2, vocab=VOCAB, time=4)


def said_of(batches: list[Batch]) -> str:
    """Say how many batches there are and how large they are."""
    batch, time = batches[0][0].shape
    return f"{len(batches)} of shape [{batch}, {time}]"


def losses_of(probe: ModelProbe, batches: list[Batch]) -> list[float]:
    return [round(probe.loss(batch), 5) for batch in batches]


@check(of=EVALUATE, examples=6, batches=lists_of_batches(vocab=VOCAB, largest_time=MAX_LEN), seed=SEEDS)
def test_evaluate_is_the_mean_over_all_batches(
    function: RemoteFunction, submission: Submission, trial: Trial, batches: list[Batch], seed: int
) -> None:
    """evaluate returns the mean loss over all batches, as a float"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    trial.note(batches=said_of(batches), losses_of_the_batches=losses_of(probe, batches))
    answer = function.call(probe.model, batches, echo=True)
    expect_mean(answer, probe, batches, WRONG_MEAN)
    expect_same_batches(answer, batches, "evaluate")
    others = batches_of(seed + 1, len(batches), vocab=VOCAB, time=batches[0][0].shape[1])
    for again in (others, batches):
        trial.note(batches=f"{said_of(again)}, in a further call", losses_of_the_batches=losses_of(probe, again))
        message = "In a further call evaluate does not return the mean over its own batches. Does it keep something?"
        expect_mean(function.call(probe.model, again), probe, again, message)


@check(
    of=EVALUATE, examples=2, batches=lists_of_batches(vocab=VOCAB, largest_time=MAX_LEN, least=2), seed=SEEDS
)  # fmt: skip
def test_evaluate_takes_any_iterable(
    function: RemoteFunction, submission: Submission, trial: Trial, batches: list[Batch], seed: int
) -> None:
    """evaluate takes any iterable of batches, a generator too"""
    probe = build_model(submission, dropout=0.0, seed=seed)
    expect_mean(function.call(probe.model, batches), probe, batches, WRONG_MEAN)
    for kind, given, note in (
        ("generator", WireIterator(tuple(batches)), "a generator: it has no len() and no index"),
        ("tuple", tuple(batches), "a tuple: it is no list, and next() does not work on it"),
    ):
        trial.note(batches=f"{said_of(batches)}, from {note}")
        message = f"With a {kind} of batches evaluate returns another loss than with a list."
        expect_mean(function.call(probe.model, given), probe, batches, message)


@check(of=EVALUATE, examples=4, mode_before=MODES, seed=SEEDS)
def test_evaluate_has_no_dropout(
    function: RemoteFunction, submission: Submission, trial: Trial, mode_before: str, seed: int
) -> None:
    """evaluate measures without dropout, in whatever mode the model comes"""
    batches = two_batches(seed)
    for dropout, message in (
        (0.0, WRONG_MEAN),
        (0.5, "evaluate measures with dropout on: call model.eval() before the forward pass."),
    ):
        trial.note(dropout=dropout)
        probe = build_model(submission, dropout=dropout, seed=seed)
        probe.model.train(mode_before == TRAINING)
        expect_mean(function.call(probe.model, batches), probe, batches, message)


@check(of=EVALUATE, examples=2, mode_before=MODES, seed=SEEDS)
def test_evaluate_computes_no_gradients(
    function: RemoteFunction, submission: Submission, trial: Trial, mode_before: str, seed: int
) -> None:
    """evaluate runs with gradients off"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    probe.model.train(mode_before == TRAINING)
    probe.model.observe()
    function.call(probe.model, two_batches(seed))
    notes = probe.model.observed()
    expect(bool(notes), "evaluate never calls the model.")
    expect(
        not any(note["gradients"] for note in notes),
        "evaluate builds a graph for gradients: run it inside torch.no_grad() or torch.inference_mode().",
    )


@check(of=EVALUATE, examples=4, mode_before=MODES, seed=SEEDS)
def test_evaluate_restores_the_mode(
    function: RemoteFunction, submission: Submission, trial: Trial, mode_before: str, seed: int
) -> None:
    """evaluate leaves the model in the mode in which it came"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    probe.model.train(mode_before == TRAINING)
    before = probe.model.modes()
    function.call(probe.model, two_batches(seed))
    left = TRAINING if probe.model.modes()[""] else EVALUATION
    expect_equal(left, mode_before, f"The model came in {mode_before} mode, and evaluate leaves it in {left} mode.")
    expect_equal(probe.model.modes(), before, "evaluate leaves some part of the model in another mode.")


@check(of=EVALUATE, examples=4, mode_before=MODES, old_gradients=st.sampled_from((None, 0.5)), seed=SEEDS)
def test_evaluate_changes_nothing(
    function: RemoteFunction,
    submission: Submission,
    trial: Trial,
    mode_before: str,
    old_gradients: float | None,
    seed: int,
) -> None:
    """evaluate changes no weight, gradient, optimiser or random state"""
    probe = build_model(submission, dropout=0.5, seed=seed)
    optimizer = make_optimizer(submission, probe, lr=LEARNING_RATE)
    tokens, _ = two_batches(seed)[0]
    rates = rates_while_training(probe.model, tokens)
    probe.model.train(mode_before == TRAINING)
    if old_gradients is not None:
        probe.model.fill_gradients(old_gradients)
    gradients, random_state = probe.model.gradients(), submission.random_state()
    settings = optimizer.method("state_dict")()
    function.call(probe.model, two_batches(seed))
    now = probe.now()
    expect(all(torch.equal(now[name], value) for name, value in probe.state.items()), "evaluate changes the weights.")
    expect_same_gradients(probe.model.gradients(), gradients)
    expect_equal(optimizer.method("state_dict")(), settings, "evaluate changes the optimiser.")
    message = "evaluate draws random numbers, so that training would go on differently after it."
    expect(submission.random_state() == random_state, message)
    expect_not_moved(probe.model, "cpu", "evaluate")
    logits = probe.model.method("")(tokens)
    expect(
        getattr(logits, "requires_grad", False),
        "After evaluate the model cannot learn: it froze the weights, or switched gradients off and not on again.",
    )
    expect_same_rates(probe.model, tokens, rates, "evaluate")


@check(of=EVALUATE, examples=2, mode_before=MODES, seed=SEEDS)
def test_evaluates_on_the_accelerator(
    function: RemoteFunction, submission: Submission, trial: Trial, mode_before: str, seed: int
) -> None:
    """evaluate brings the batches to a model on the accelerator"""
    batches = two_batches(seed)
    for device in ("cpu", *submission.accelerators()):
        probe = build_model(submission, dropout=0.5, seed=seed, device=device)
        probe.model.train(mode_before == TRAINING)
        trial.note(device=device_name(device))
        answer = function.call(probe.model, batches)
        message = WRONG_MEAN if device == "cpu" else f"With the model on {device}, evaluate returns another loss."
        expect_mean(answer, probe, batches, message, tolerance=ACCELERATOR_TOLERANCE)
        expect_not_moved(probe.model, device, "evaluate")
