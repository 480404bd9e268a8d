"""How the checks of step 5 let `train_step` run, and what they expect of it and of `evaluate`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from grader.checking import expect, expect_close, expect_equal, expect_float, expect_tensor
from grader.checking.trial import Trial
from grader.checks.challenge5.dropout_sites import (
    BLANK,
    SITES,
    TELLING_TARGET,
    loss_at_rate_one_half,
    weights_for,
)
from grader.checks.challenge5.model_probe import (
    MAX_LEN,
    Batch,
    ModelProbe,
    build_model,
    devices_of,
    draw_weights,
    loss_told_by_update,
    make_optimizer,
    with_telling_bias,
)
from grader.checks.challenge5.random_state import States
from grader.submission.remote import Answer, RemoteFunction, RemoteObject, Submission

LEARNING_RATE = 0.5
TOLERANCE = 2e-5  # losses and weights are of size 1 to 5, in float32


def step(
    function: RemoteFunction,
    submission: Submission,
    trial: Trial,
    probe: ModelProbe,
    batch: Batch,
    *,
    lr: float = LEARNING_RATE,
    seed: int | None = 1,
) -> Answer:
    """Let the learner train the model for one step of plain gradient descent."""
    trial.note(tokens=batch[0], targets=batch[1])
    optimizer = make_optimizer(submission, probe, lr=lr)
    return function.call(probe.model, batch, optimizer, seed=seed, echo=True)


def settings_of(optimizer: RemoteObject) -> Any:
    """Return the learning rate and the other settings of an optimiser, as they are now."""
    state = optimizer.method("state_dict")()
    return state.get("param_groups") if isinstance(state, dict) else state


def rates_while_training(model: RemoteObject, tokens: Tensor) -> dict[str, float]:
    """Switch to training mode, and return where a model built with dropout 0.5 keeps its rate then.

    After a call: attention may set its rate in forward(), by its mode. Without a graph, which is kept with the result
    and in which the weights could not move to the simulated accelerator.
    """
    model.train(True)
    model.method("").hold(tokens, no_grad=True)
    return {name: value for name, value in model.float_attributes().items() if value == 0.5}


def expect_loss(answer: Answer, probe: ModelProbe, batch: Batch, message: str, *, tolerance: float = TOLERANCE) -> None:
    """Fail unless train_step returned the loss of the probe's weights."""
    what = "the result of train_step"
    expect_float(answer.value, probe.loss(batch), tolerance=tolerance, message=message, what=what)


def expect_loss_of_the_update(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: Batch, seed: int
) -> None:
    """Fail unless, with dropout, the loss that comes back is that of the forward pass of the update.

    Forward passes are not counted: a right answer may make more of them, to print something. The update itself says
    what the loss was, in one sequence.
    """
    tokens, targets = (part[:1] for part in batch)
    weights = with_telling_bias(draw_weights(seed), int(targets[0, -1]))
    probe = build_model(submission, dropout=0.5, seed=seed, weights=weights)
    answer = step(function, submission, trial, probe, (tokens, targets))
    trial.note(dropout=0.5)
    name = "final_norm.bias"
    loss, tolerance = loss_told_by_update(probe.now()[name] - probe.state[name], lr=LEARNING_RATE)
    expect_float(
        answer.value,
        loss,
        tolerance=tolerance,
        message="With dropout on, the loss that train_step returns and its update do not belong to one forward pass"
        " over the batch. Call the model once, with each sequence once, and use that loss for both.",
        what="the result of train_step",
    )


def expect_drawn(submission: Submission, after: States, *, seed: int) -> None:
    """Fail if PyTorch's generator is, after a step that began with this seed, as the seed alone leaves it."""
    submission.hold(torch.zeros(1)).method("numel").hold(seed=seed)
    before, *_ = submission.random_state()
    expect(
        after[0] != before,
        "After train_step PyTorch's random state is what it was before, so that every step drops the same, or nothing."
        " Leave the random state and the rates alone: dropout moves the state on.",
    )


def expect_dropout_counts(function: RemoteFunction, submission: Submission, trial: Trial) -> None:
    """Fail unless train_step learns from a loss with each dropout layer of the model on, at its rate of 0.5.

    Two calls have one loss, by chance, only if their 128 sequences drop each of the 16 choices equally often: with odds
    below 1e-12. The mean of 384 losses is six standard deviations off with odds of 2e-9, by the normal distribution.
    The seeds are the same in every run, so that a right answer fails always or never.
    """
    shape = (128, 2)
    batch = torch.full(shape, BLANK), torch.full(shape, TELLING_TARGET)
    mean, deviation = loss_at_rate_one_half()
    trial.note(dropout=0.5)
    for site in SITES:
        probe = build_model(submission, dropout=0.5, seed=0, weights=weights_for(site, MAX_LEN))
        losses = [step(function, submission, trial, probe, batch, lr=0.0, seed=seed).value for seed in (1, 2, None)]
        is_loss = all(isinstance(loss, float) and math.isfinite(loss) for loss in losses)
        expect(is_loss, "train_step does not return a finite float.", actual=losses)
        expect(
            losses[0] != losses[1],
            f"train_step learns as if the dropout {site} were off: its loss is the same whatever is dropped. Leave the"
            " rates and the layers of the model as they are.",
            actual=losses,
        )
        expect(
            losses[1] != losses[2],
            "Two calls, one after the other, drop the same: train_step gives a random generator a seed or an earlier"
            " state. Leave that to the caller.",
            actual=losses[1:],
        )
        found = sum(losses) / len(losses)
        expect(
            abs(found - mean) <= 6 * deviation / math.sqrt(len(losses) * shape[0]),
            f"train_step learns as if the dropout {site} had another rate than its 0.5. Leave the rates of the model as"
            " they are, and take the mean of the losses.",
            expected=f"a loss of about {mean:.2f}, with other rates another one",
            actual=f"{found:.2f}",
        )


def expect_mean(
    answer: Answer, probe: ModelProbe, batches: list[Batch], message: str, *, tolerance: float = TOLERANCE
) -> None:
    """Fail unless evaluate returned the mean of the losses of the probe's weights."""
    mean = sum(probe.loss(batch) for batch in batches) / len(batches)
    expect_float(answer.value, mean, tolerance=tolerance, message=message, what="the result of evaluate")


def expect_update(
    probe: ModelProbe,
    batch: Batch,
    message: str,
    *,
    remembered: dict[str, Tensor] | None = None,
    lost: dict[str, float] | None = None,
) -> None:
    """Fail unless one step against the gradients leads from the probe's weights to those that it has now.

    Args:
        message: with `{name}` where the name of the weight goes.
        remembered: what the optimiser adds to the gradients.
        lost: how far that may be off.
    """
    now, gradients = probe.now(), probe.gradients(batch)
    lost_now = probe.lost_in_float32(batch, gradients)
    for name, before in probe.state.items():
        update = -LEARNING_RATE * (gradients[name] + (remembered[name] if remembered else 0.0))
        off = LEARNING_RATE * (lost_now[name] + (lost[name] if lost else 0.0))
        expect_close(
            now[name] - before,
            update,
            tolerance=tolerance_of(update, before) + off,
            message=message.format(name=name),
            what=f"the update of {name}",
        )


def tolerance_of(update: Tensor, weight: Tensor) -> float:
    """Return how far an update may be off: what float32 loses grows with its largest element, and the weight's."""
    rounding = torch.finfo(torch.float32).eps * float(weight.abs().max())
    return TOLERANCE * max(1.0, float(update.abs().max())) + rounding


def expect_same_batches(answer: Answer, batches: list[Batch], who: str) -> None:
    """Fail if a call wrote into its batches, the second argument: they are the caller's, who may need them again."""
    found = (answer.arguments or [None, None])[1]
    found = found if isinstance(found, list) else [found]
    message = f"{who} changes the batch that it is given."
    expect(len(found) == len(batches), message, expected=f"{len(batches)} batches", actual=f"{len(found)}")
    for parts, batch in zip(found, batches, strict=True):
        parts = parts if isinstance(parts, tuple) and len(parts) == 2 else (None, None)
        for name, part, given in zip(("tokens", "targets"), parts, batch, strict=True):
            left = expect_tensor(part, shape=given.shape, what=f"the {name} after the call")
            expect(
                torch.equal(left, given), f"{message} Its {name} are others afterwards.", expected=given, actual=left
            )


def expect_same_settings(now: Any, before: Any) -> None:
    """Fail unless train_step left the optimiser's settings as they were; say which one it changed."""
    message = "train_step changes the optimiser's settings, and every later step is another one."
    for group, old in zip(now, before, strict=False) if isinstance(now, list) and isinstance(before, list) else ():
        for name in old if isinstance(group, dict) and isinstance(old, dict) else ():
            expect_equal({name: group.get(name)}, {name: old[name]}, message)
    expect_equal(now, before, message)


def expect_not_moved(model: RemoteObject, device: str, who: str) -> None:
    """Fail unless all of the model is still on this device."""
    follows = "The batch follows" if who == "train_step" else "The batches follow"
    expect(devices_of(model) == {device}, f"{who} moved the model. {follows} the model, not the other way round.")


def expect_same_rates(model: RemoteObject, tokens: Tensor, rates: dict[str, float], who: str) -> None:
    """Fail unless the dropout rates are what they were."""
    rates_while_training(model, tokens)
    now = model.float_attributes()
    for name, rate in rates.items():
        expect_equal(now.get(name), rate, f"{who} changes the model's dropout rate {name}, and leaves it changed.")


def expect_same_gradients(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Fail unless evaluate left every gradient, or the lack of one, as it was."""
    for name, gradient in before.items():
        message = f"evaluate changes the gradient of {name}."
        after = now.get(name)
        if gradient is None or after is None:
            described = ["no gradient" if value is None else "a gradient" for value in (gradient, after)]
            expect(gradient is after, message, expected=described[0], actual=described[1])
            continue
        values = expect_tensor(after, shape=gradient.values.shape, what=f"the gradient of {name} afterwards")
        expect_close(values, gradient.values, tolerance=0.0, message=message)
