"""The baselines are what a hand computation gives."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grader.data import uniform_loss, unigram_loss

tokens = st.lists(st.integers(0, 4), min_size=1, max_size=50).map(lambda ids: np.array(ids, dtype=np.uint16))


def test_the_uniform_loss_is_log_v() -> None:
    assert uniform_loss(2048) == pytest.approx(11 * math.log(2))


def test_the_unigram_loss_equals_a_hand_computation() -> None:
    # Of 4 tokens, 0 occurs three times and 1 once; with one more for each: 4/8, 2/8, 1/8, 1/8.
    train, test = np.array([0, 0, 1, 0], dtype=np.uint16), np.array([0, 1, 3], dtype=np.uint16)
    assert unigram_loss(train, test, 4) == pytest.approx((math.log(2) + math.log(4) + math.log(8)) / 3)


@given(tokens, tokens)
def test_the_unigram_loss_is_the_cross_entropy_of_the_smoothed_counts(train: np.ndarray, test: np.ndarray) -> None:
    counts = torch.bincount(torch.from_numpy(train.astype(np.int64)), minlength=5) + 1
    targets = torch.from_numpy(test.astype(np.int64))
    expected = torch.nn.functional.cross_entropy(counts.double().log().expand(len(test), 5), targets)
    assert unigram_loss(train, test, 5) == pytest.approx(expected.item())


def test_with_nothing_seen_the_unigram_loss_is_the_uniform_loss() -> None:
    nothing = np.array([], dtype=np.uint16)
    assert unigram_loss(nothing, np.array([1, 2], dtype=np.uint16), 7) == pytest.approx(uniform_loss(7))
