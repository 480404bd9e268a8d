"""The smoke test: trains the learner's Model 5 in the child, and measures what came of it in the parent.

The parent drives: it makes the batches, asks the child for each `train_step` and each `evaluate`, and fetches the
weights. The verdict rests on the loss of these weights on held-out tokens, computed with the reference in the parent;
the child never receives them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader.checking import Mismatch, expect, expect_float
from grader.checking.expect import kind_of
from grader.checks.challenge5 import reference
from grader.checks.challenge5.model_probe import read_state, weight_shapes
from grader.data import (
    Batch,
    DataError,
    consecutive_batches,
    load_tokenizer,
    load_tokens,
    sample_batch,
    split_tokens,
    uniform_loss,
    unigram_loss,
)
from grader.errors import UsageError
from grader.smoke import OnProgress, SmokeOptions, SmokeWatcher
from grader.submission.remote import RemoteObject, Submission
from grader.verdict import Outcome, SmokeResult

STEPS = 240
EVALUATE_EVERY = 80  # steps, as in the lesson
BATCH_SIZE = 16  # sequences; each gives one target
TIME = 32  # tokens of a sequence
EMBED_DIM, N_HEADS, N_BLOCKS, DROPOUT = 64, 4, 2, 0.1
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 0.01  # three times the lesson's rate, and far fewer steps
TEST_BATCHES = 4  # that the child gets for `evaluate`
MEASURED_SEQUENCES = 512  # held-out ones that the parent measures on, if there are as many
# A tenth of the tokens must hold the child's batches, and about half as many for the parent.
LEAST_TOKENS = 10 * (TEST_BATCHES + 2) * BATCH_SIZE * TIME

# The model must make up at least this share of the way from its first loss to the loss of the unigram model, both on
# held-out tokens. Measured with the reference (python -m tests.measure.smoke_bound), mean and standard deviation of
# the share: packaged corpus 0.854 and 0.018 over 30 seeds; 252 documents of FineWeb 0.872 and 0.018 with the packaged
# vocabulary, 0.863 and 0.016 with GPT-2's, over 20 seeds each; the lowest of all 70 was 0.814. The bound is more than
# eight standard deviations below each mean: were the shares normal, a right answer would fail with odds below 1e-15.
# A model that does not learn stays near 0; one that learns to copy its last input ends far below that.
LEARNED_SHARE = 0.7
MOST_ABOVE_UNIFORM = 1.0  # nats; fresh weights of Model 5 begin about 0.6 above uniform guessing
LEAST_TO_LEARN = 0.3  # nats that word frequencies must be worth, or the bound would ask for nothing

# Guessing evenly costs log V nats, 8 to 11. A learning rate that is far too high may bring thousands; with a million,
# each right token would be given a probability of e^-1000000, and the model be past saving. A larger number than that
# is no loss of this training, and sums of it, or the axis of a picture, could overflow.
MOST_PLAUSIBLE = 1e6  # nats

SAMPLE_TOKENS = 48


@dataclass(frozen=True)
class Prepared:
    """The data of one smoke test. `vocabulary` is the tokenizer; losses are in nats."""

    train: Any
    test: tuple[Batch, ...]
    held_out: Batch
    vocabulary: Any
    uniform: float
    unigram: float
    seed: int


def prepare(options: SmokeOptions, on_progress: OnProgress = lambda read, total: None) -> Prepared:
    """Load and split the data: 90 % to train on; of the rest half for the child's `evaluate`, half held out.

    Raises:
        UsageError: the data cannot be used; one line that names the mend.
    """
    try:
        tokenizer = load_tokenizer(options.tokenizer)
        array = load_tokens(options.data, tokenizer, on_progress=on_progress)
        if len(array.tokens) < LEAST_TOKENS:
            raise DataError(
                f"{options.data} holds {len(array.tokens):,} tokens, and the smoke test needs {LEAST_TOKENS:,}:"
                " use a longer file, or --data sample"
            )
        train, rest = split_tokens(array.tokens)
        half = max(len(rest) // 2, TEST_BATCHES * BATCH_SIZE * TIME + 1)
        test = consecutive_batches(rest[:half], batch_size=BATCH_SIZE, time=TIME)[:TEST_BATCHES]
        held_out = _windows(rest[half:])
        uniform = uniform_loss(tokenizer.n_vocab)
        unigram = unigram_loss(train, rest[half:], tokenizer.n_vocab)
        if unigram > uniform - LEAST_TO_LEARN:
            raise DataError(
                f"the end of {options.data} is too unlike its beginning to measure learning: shuffle the texts"
            )
    except DataError as problem:
        raise UsageError(str(problem)) from None
    return Prepared(
        train=train,
        test=tuple(test),
        held_out=held_out,
        vocabulary=tokenizer,
        uniform=uniform,
        unigram=unigram,
        seed=options.seed,
    )


def _windows(tokens: Any) -> Batch:
    """Return up to `MEASURED_SEQUENCES` windows, evenly spread: inputs and targets, `[sequences, time]`.

    Only the last target of each counts, so that windows may overlap.
    """
    starts = np.linspace(0, len(tokens) - TIME - 1, MEASURED_SEQUENCES).astype(np.int64)
    rows = tokens[np.unique(starts)[:, None] + np.arange(TIME + 1)].astype(np.int64)  # [sequences, time + 1]
    return torch.from_numpy(rows[:, :-1].copy()), torch.from_numpy(rows[:, 1:].copy())


def run(submission: Submission, prepared: Prepared, watch: SmokeWatcher) -> SmokeResult:
    """Train, measure, decide.

    Raises:
        Mismatch: the training did not do what it should; the message says what.
        LearnerError, CheckAborted: learner code raised, hung or died.
    """
    training = _Training(submission, prepared, watch)
    before = held_out_loss(training.weights(), prepared)
    training.run()
    weights = training.weights()
    _check_report(training, weights, prepared)
    after = held_out_loss(weights, prepared)
    start = min(before, prepared.uniform + MOST_ABOVE_UNIFORM)  # an absurd beginning must not make the way shorter
    bound = start - LEARNED_SHARE * (start - prepared.unigram)
    facts = _facts(prepared, before, after, bound)
    passed = math.isfinite(after) and after < bound
    return SmokeResult(
        outcome=Outcome.PASSED if passed else Outcome.FAILED,
        message=_message(passed, before, after, bound),
        sample=generate(weights, prepared),
        facts=facts,
    )


class _Training:
    """The lesson's loop, with the learner's functions called in the child."""

    def __init__(self, submission: Submission, prepared: Prepared, watch: SmokeWatcher) -> None:
        self.prepared, self.watch = prepared, watch
        self.train_step = submission.function("training", "train_step")
        self.evaluate = submission.function("training", "evaluate")
        self.model = submission.function("model5", "Model5").hold(
            kwargs={
                "vocab_size": prepared.vocabulary.n_vocab,
                "embed_dim": EMBED_DIM,
                "n_heads": N_HEADS,
                "n_blocks": N_BLOCKS,
                "max_len": TIME,
                "dropout": DROPOUT,
            },
            seed=prepared.seed,
        )
        parameters = self.model.method("parameters").hold()
        settings = {"lr": LEARNING_RATE, "weight_decay": WEIGHT_DECAY}
        self.optimizer: RemoteObject = submission.function("torch.optim", "AdamW").hold(parameters, kwargs=settings)
        self.last_test_loss = math.nan

    def run(self) -> None:
        generator = torch.Generator().manual_seed(self.prepared.seed)
        self.watch.smoke_started(STEPS)
        self.measure(0)
        for step in range(1, STEPS + 1):
            batch = sample_batch(self.prepared.train, batch_size=BATCH_SIZE, time=TIME, generator=generator)
            loss = _plausible(self.train_step(self.model, batch, self.optimizer), f"train_step at step {step}")
            self.watch.smoke_step(step, loss)
            if step % EVALUATE_EVERY == 0:
                self.measure(step)

    def measure(self, step: int) -> None:
        loss = _plausible(self.evaluate(self.model, list(self.prepared.test)), f"evaluate after step {step}")
        self.last_test_loss = loss
        self.watch.smoke_evaluated(step, loss)

    def weights(self) -> dict[str, Tensor]:
        """Fetch the weights as they are now."""
        state, weights = read_state(self.model), {}
        vocab_size = self.prepared.vocabulary.n_vocab
        shapes = weight_shapes(vocab_size=vocab_size, embed_dim=EMBED_DIM, n_blocks=N_BLOCKS, max_len=TIME)
        for name, shape in shapes.items():  # what else is there, a mask of the learner's attention say, has no say here
            value = state.get(name, torch.empty(0))
            right = value.shape == shape and value.is_floating_point()
            expect(right, "The weights are not those of Model 5. model5.py is given: restore it if you changed it.")
            expect(bool(torch.isfinite(value).all()), f"The weight {name} holds NaN or infinity.")
            weights[name] = value.float()
        return weights


def _plausible(loss: Any, what: str) -> float:
    if not isinstance(loss, float) or not math.isfinite(loss):
        raise Mismatch(
            f"{what} did not return a finite float.", actual=str(loss) if isinstance(loss, float) else kind_of(loss)
        )
    if abs(loss) > MOST_PLAUSIBLE:
        raise Mismatch(
            f"{what} returned an implausible loss: even a blind guess costs no more than about 10 nats."
            " Is it the mean of the losses, in nats?",
            actual=f"{loss:.3g}",
        )
    if loss < -1e-3:  # more than a rounding
        raise Mismatch(f"{what} returned a loss below 0, which a mean of -log P never is.", actual=f"{loss:.3g}")
    return loss


def _check_report(training: _Training, weights: dict[str, Tensor], prepared: Prepared) -> None:
    """Fail unless the last reported test loss is the one that the final weights have."""
    losses = [_loss(weights, batch) for batch in prepared.test]
    expect_float(
        training.last_test_loss,
        sum(losses) / len(losses),
        tolerance=1e-3,  # the same float32 sums, of numbers up to about 10, in another order
        message="The last test loss that evaluate reported is not the one that the final weights have.",
        what="the last test loss",
    )


def held_out_loss(weights: dict[str, Tensor], prepared: Prepared) -> float:
    """Final-token loss of the weights on the held-out sequences, in nats, without dropout."""
    return _loss(weights, prepared.held_out)


def _loss(weights: dict[str, Tensor], batch: Batch) -> float:
    tokens, targets = batch
    with torch.no_grad():
        logits = reference.model5_logits(weights, tokens, N_HEADS, last_only=True)  # [batch, 1, vocab]
        return reference.final_token_loss(logits, targets)


def generate(weights: dict[str, Tensor], prepared: Prepared) -> str:
    """Continue the first held-out sequence by some sampled tokens; the text of these tokens."""
    generator = torch.Generator().manual_seed(prepared.seed)
    tokens = prepared.held_out[0][:1]  # [1, time]
    for _ in range(SAMPLE_TOKENS):
        with torch.no_grad():
            logits = reference.model5_logits(weights, tokens[:, -TIME:], N_HEADS, last_only=True)[:, -1]  # [1, vocab]
        if not torch.isfinite(logits).all():
            break  # weights so large that they overflow on tokens that nobody has measured on
        probabilities = torch.softmax(logits, dim=-1)
        tokens = torch.cat((tokens, torch.multinomial(probabilities, 1, generator=generator)), dim=1)
    return " ".join(prepared.vocabulary.decode(tokens[0, TIME:].tolist()).split())


def _message(passed: bool, before: float, after: float, bound: float) -> str:
    if passed:
        return f"The loss on held-out text fell from {before:.2f} to {after:.2f} nats (needed: below {bound:.2f})."
    return (
        f"The model does not learn enough: its loss on held-out text went from {before:.2f} to {after:.2f} nats, and"
        f" must fall below {bound:.2f}. Look at train_step: does each call change the weights, downhill, on the right"
        " targets?"
    )


def _facts(prepared: Prepared, before: float, after: float, bound: float) -> tuple[str, ...]:
    return (
        f"held-out loss in nats: {before:.3f} before training, {after:.3f} after it, bound {bound:.3f}",
        f"for comparison: uniform guessing {prepared.uniform:.3f}, word frequencies alone {prepared.unigram:.3f}",
    )
