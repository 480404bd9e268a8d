"""The split is by position and shares nothing; batches have their shape, their shift, and their seed."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.data import DataError, consecutive_batches, sample_batch, split_tokens
from grader.data.encoding import Tokens

sizes = st.integers(1, 6)


def positions(number: int) -> Tokens:
    """Tokens that tell where they stand, so that an overlap would show."""
    return np.arange(number, dtype=np.uint16)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch_from(tokens: Tokens, *, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    return sample_batch(tokens, batch_size=4, time=8, generator=seeded(seed))


@given(st.integers(20, 500), st.floats(0.05, 0.95))
def test_train_and_test_are_disjoint_and_lose_nothing(number: int, share: float) -> None:
    train, test = split_tokens(positions(number), test_share=share)
    assert [*train, *test] == list(range(number))


def test_the_test_part_is_the_last_tenth() -> None:
    train, test = split_tokens(positions(1000))
    assert (len(train), test[0], len(test)) == (900, 900, 100)


def test_too_few_tokens_to_split_are_counted() -> None:
    with pytest.raises(DataError, match=r"^1 tokens are too few: .* at least 2"):
        split_tokens(positions(1))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 2.0])
def test_a_share_outside_0_and_1_is_a_mistake_of_the_caller(share: float) -> None:
    with pytest.raises(ValueError, match="test_share"):
        split_tokens(positions(10), test_share=share)


@given(sizes, sizes, st.integers(0, 50))
def test_a_sampled_batch_is_int64_of_batch_by_time(batch_size: int, time: int, more: int) -> None:
    tokens = positions(time + 1 + more)
    for part in sample_batch(tokens, batch_size=batch_size, time=time, generator=seeded(0)):
        assert (part.shape, part.dtype) == ((batch_size, time), torch.int64)


@given(sizes, st.integers(1, 20), st.integers(0, 50))
def test_targets_are_the_next_tokens(batch_size: int, time: int, more: int) -> None:
    inputs, targets = sample_batch(positions(time + 1 + more), batch_size=batch_size, time=time, generator=seeded(more))
    assert torch.equal(targets, inputs + 1)


def test_the_same_seed_gives_the_same_batch() -> None:
    tokens = positions(1000)
    assert torch.equal(batch_from(tokens, seed=3)[0], batch_from(tokens, seed=3)[0])


def test_another_seed_gives_another_batch() -> None:
    tokens = positions(1000)
    assert not torch.equal(batch_from(tokens, seed=3)[0], batch_from(tokens, seed=4)[0])


def test_the_global_random_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    batch_from(positions(1000), seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_start_can_be_drawn_the_first_and_the_last_as_well() -> None:
    inputs, _ = sample_batch(positions(12), batch_size=500, time=8, generator=seeded(0))
    assert set(inputs[:, 0].tolist()) == {0, 1, 2, 3}


def test_too_few_tokens_for_a_sequence_are_counted() -> None:
    with pytest.raises(DataError, match=r"^8 tokens are too few: .* at least 9"):
        batch_from(positions(8), seed=0)


@given(sizes, sizes, st.integers(0, 300))
def test_consecutive_batches_use_no_input_and_no_target_twice(batch_size: int, time: int, more: int) -> None:
    batches = consecutive_batches(positions(batch_size * time + 1 + more), batch_size=batch_size, time=time)
    inputs = torch.cat([inputs.flatten() for inputs, _ in batches])
    targets = torch.cat([targets.flatten() for _, targets in batches])
    assert torch.equal(inputs, torch.arange(len(inputs)))
    assert torch.equal(targets, inputs + 1)


@given(sizes, sizes, st.integers(0, 300))
def test_consecutive_batches_are_full_and_leave_less_than_a_batch(batch_size: int, time: int, more: int) -> None:
    number = batch_size * time + 1 + more
    batches = consecutive_batches(positions(number), batch_size=batch_size, time=time)
    assert {tuple(part.shape) for batch in batches for part in batch} == {(batch_size, time)}
    assert 0 <= number - 1 - len(batches) * batch_size * time < batch_size * time


def test_too_few_tokens_for_a_batch_are_counted() -> None:
    with pytest.raises(DataError, match=r"^32 tokens are too few: .* at least 33"):
        consecutive_batches(positions(32), batch_size=4, time=8)


def test_ids_above_32_767_stay_what_they_are() -> None:
    inputs, _ = sample_batch(np.full(20, 50256, dtype=np.uint16), batch_size=1, time=4, generator=seeded(0))
    assert inputs.tolist() == [[50256] * 4]
