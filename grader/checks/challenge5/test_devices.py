"""Hidden checks of step 3, `pick_device`, `batch_to_device` and `position_ids`."""

from __future__ import annotations

import itertools
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from grader.checking import check, expect, expect_close, expect_equal, expect_tensor
from grader.checking.display import device_name
from grader.checking.expect import kind_of
from grader.checking.trial import Trial
from grader.checks.challenge5.strategies import SEEDS, token_batches, token_ids, values
from grader.submission.remote import RemoteFunction, Submission
from grader.wire import WireDevice, WireTensor

PICK_DEVICE = "devices:pick_device"
BATCH_TO_DEVICE = "devices:batch_to_device"
POSITION_IDS = "devices:position_ids"
VOCAB, EMBED_DIM = 7, 4
LENGTHS = st.integers(1, 40) | st.sampled_from((256, 1000, 3001))  # tokens; the lesson trains on 256


def picked(function: RemoteFunction, machine: str) -> str:
    """Ask which device is picked on a machine with one such accelerator; return its type, and a wrong index too."""
    device: Any = function.call(machine=machine).value
    expect(
        isinstance(device, WireDevice),
        "pick_device() does not return a torch.device.",
        expected='torch.device("cpu"), say',
        actual=kind_of(device),
    )
    return str(device.type if device.name in (device.type, f"{device.type}:0") else device.name)


@check(of=PICK_DEVICE, examples=2)
def test_takes_the_accelerator(function: RemoteFunction, trial: Trial) -> None:
    """pick_device takes the machine's accelerator if there is one"""
    # Both are asked before one is judged: what is picked on both tells more about a wrong answer.
    found = {machine: picked(function, machine) for machine in ("cuda", "mps")}
    for machine, device in found.items():
        trial.note(machine=f"one whose accelerator is {machine}")
        expect_equal(device, machine, f"On a machine with {machine} another device is picked.")
        trial.count()


@check(of=PICK_DEVICE)
def test_falls_back_to_the_cpu(function: RemoteFunction, trial: Trial) -> None:
    """pick_device takes the CPU on a machine without an accelerator"""
    trial.note(machine="one without an accelerator")
    expect_equal(picked(function, "none"), "cpu", "There is no accelerator, and yet one is picked.")


def moved(function: RemoteFunction, batch: tuple[Any, Any], device: str) -> None:
    """Move a batch; fail unless both parts arrive on the device as they were."""
    sent = [part.values if isinstance(part, WireTensor) else part for part in batch]
    expect_arrived(function(batch, WireDevice(device)), sent, device, "{} changed on the way.")


def expect_arrived(answer: Any, batch: list[Tensor], device: str, message: str) -> None:
    """Fail unless the answer is this batch, on this device; the message has a place for the part's name."""
    expect(
        isinstance(answer, tuple) and len(answer) == 2,
        "The result is not the tuple (tokens, targets).",
        expected="a tuple of two tensors",
        actual=kind_of(answer),
    )
    for name, sent, after in zip(("`tokens`", "`targets`"), batch, answer, strict=True):
        actual = expect_tensor(after, shape=sent.shape, dtype=sent.dtype, device=device, what=name)
        expect(torch.equal(actual, sent), message.format(name), expected=sent, actual=actual)


@check(of=BATCH_TO_DEVICE, examples=8, batch=token_batches(vocab=VOCAB, largest_time=5))
def test_moves_both_parts(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: tuple[Tensor, Tensor]
) -> None:
    """batch_to_device moves the tokens and the targets to the given device"""
    for device in submission.accelerators():
        trial.note(tokens=batch[0], targets=batch[1], device=device_name(device))
        moved(function, batch, device)


@check(of=BATCH_TO_DEVICE, examples=5, batch=token_batches(vocab=VOCAB, largest_time=5))
def test_obeys_its_argument(
    function: RemoteFunction, submission: Submission, trial: Trial, batch: tuple[Tensor, Tensor]
) -> None:
    """batch_to_device goes where it is told: back to the CPU as well"""
    for start, device in ways(submission.accelerators(both_simulated=True)):
        trial.note(tokens=batch[0], targets=batch[1], batch_on=device_name(start), device=device_name(device))
        moved(function, (WireTensor(batch[0], start), WireTensor(batch[1], start)), device)


def ways(accelerators: list[str]) -> list[tuple[str, str]]:
    """Return where a batch may be, and where it is to be."""
    found = [way for device in accelerators for way in ((device, "cpu"), ("cpu", device))]
    # The type alone does not tell one of two from the other.
    simulated = [device for device in accelerators if device.startswith("sim:")]
    return [*found, *itertools.permutations(simulated, 2)]


DTYPES = st.sampled_from((torch.int64, torch.int32, torch.int16, torch.uint8))
BEYOND_FLOAT32 = 2**24 + 1  # the first whole number that float32 has not


@check(of=BATCH_TO_DEVICE, examples=6, seed=SEEDS, dtypes=st.lists(DTYPES, min_size=2, max_size=2, unique=True))
def test_keeps_dtypes_and_values(
    function: RemoteFunction, submission: Submission, trial: Trial, seed: int, dtypes: list[torch.dtype]
) -> None:
    """batch_to_device keeps dtypes and values"""
    batch = [ids_of(dtype, seed + index) for index, dtype in enumerate(dtypes)]
    for device in ("cpu", *submission.accelerators()):
        trial.note(tokens=batch[0], targets=batch[1], device=device_name(device))
        moved(function, (batch[0], batch[1]), device)
        # The same tensors with other values: whoever keeps what was moved would find it again.
        held = [submission.hold(part) for part in batch]
        expect_arrived(function(tuple(held), WireDevice(device)), batch, device, "{} changed on the way.")
        for part in held:
            part.method("add_").hold(1)
        later = [part + 1 for part in batch]
        trial.note(tokens=later[0], targets=later[1], device=f"{device_name(device)}, for the second time")
        message = "{} of an earlier call came back: other values had been written into the batch since."
        expect_arrived(function(tuple(held), WireDevice(device)), later, device, message)


def ids_of(dtype: torch.dtype, seed: int) -> Tensor:
    """Token ids of a dtype, `[2, 3]`, which float32 cannot hold if the dtype can."""
    ids = token_ids((2, 3), VOCAB, seed).to(dtype)
    return ids + BEYOND_FLOAT32 if torch.iinfo(dtype).max > BEYOND_FLOAT32 else ids


def expect_positions(answer: Any, time: int, device: str) -> None:
    positions = expect_tensor(
        answer, shape=(time,), dtype=torch.int64, device=device, what="the result of position_ids"
    )
    message = "The positions are not 0, 1, ..., time - 1."
    expect_close(positions, torch.arange(time), tolerance=0, message=message)


TOKENS = st.builds(token_ids, st.tuples(st.integers(1, 5), LENGTHS), st.just(VOCAB), SEEDS)  # [batch, time]


@check(of=POSITION_IDS, examples=20, tokens=TOKENS)
def test_positions_count_from_zero(function: RemoteFunction, tokens: Tensor) -> None:
    """position_ids are 0, 1, ..., time - 1, for every length"""
    expect_positions(function(tokens), tokens.shape[1], "cpu")


@check(of=POSITION_IDS, examples=5, tokens=TOKENS)
def test_positions_follow_the_tokens(
    function: RemoteFunction, submission: Submission, trial: Trial, tokens: Tensor
) -> None:
    """position_ids are on the device of the tokens"""
    for device in (*submission.accelerators(both_simulated=True), "cpu"):
        trial.note(tokens_on=device_name(device))
        expect_positions(function(WireTensor(tokens, device)), tokens.shape[1], device)


@check(of=BATCH_TO_DEVICE, examples=3, batch=token_batches(vocab=VOCAB, largest_time=5), seed=SEEDS)
def test_a_whole_step_runs_on_the_accelerator(
    submission: Submission, trial: Trial, batch: tuple[Tensor, Tensor], seed: int
) -> None:
    """With the model on the accelerator, a whole training step runs"""
    for device in submission.accelerators():
        trial.note(tokens=batch[0], targets=batch[1], device=device_name(device))
        _step_of_a_tiny_model(submission, device, batch, seed)


def _step_of_a_tiny_model(submission: Submission, device: str, batch: tuple[Tensor, Tensor], seed: int) -> None:
    """Forward, loss, backward and update of a bag of embeddings, with the learner's functions for the devices."""
    library = submission.function
    tables = [
        submission.hold(WireTensor(values((size, EMBED_DIM), seed), device, requires_grad=True)) for size in (VOCAB, 5)
    ]
    on_device = library("devices", "batch_to_device").hold(batch, WireDevice(device))
    tokens = on_device.method("__getitem__").hold(0)
    targets = on_device.method("__getitem__").hold(1)
    positions = library("devices", "position_ids").hold(tokens)
    embed = library("torch.nn.functional", "embedding")
    x = embed.hold(tokens, tables[0])
    x = x.method("add").hold(embed.hold(positions, tables[1]))
    logits = library("torch.nn.functional", "linear").hold(x, tables[0])  # [batch, time, vocab]
    flat = logits.method("flatten").hold(0, 1)
    loss = library("torch.nn.functional", "cross_entropy").hold(flat, targets.method("flatten").hold())
    loss.method("backward").hold()
    optimizer = library("torch.optim", "SGD").hold(tables, kwargs={"lr": 0.1})
    optimizer.method("step").hold()
    after = expect_tensor(tables[0].fetch(), shape=(VOCAB, EMBED_DIM), device=device, what="the embedding")
    expect(not torch.equal(after, values((VOCAB, EMBED_DIM), seed)), "The step did not change the embedding.")
