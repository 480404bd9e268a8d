"""What a model without context reaches: the losses (nats for each token) that a trained model has to beat."""

import math

import numpy as np

from grader.data.encoding import Tokens


def uniform_loss(vocab_size: int) -> float:
    """The loss in nats where every token is equally likely: log V."""
    return math.log(vocab_size)


def unigram_loss(train: Tokens, test: Tokens, vocab_size: int) -> float:
    """The loss in nats on `test` of a model that knows only how often each token occurs in `train`.

    Every token is counted once more than it occurs (add-one smoothing), so that a token that is new in `test` costs
    much but not infinitely much: P(x) = (count(x) + 1) / (tokens + V).
    """
    counts = np.bincount(train, minlength=vocab_size) + 1  # [vocab]
    log_likelihoods = np.log(counts) - np.log(counts.sum())  # [vocab]
    return float(-log_likelihoods[test].mean())
