"""Compares a copy of the submission with what was recorded of the submission itself, one example after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from grader.diagnosis.agreement import Agreement, Digests
from grader.diagnosis.randomness import DRAWS, Draws
from grader.diagnosis.recording import Example, Reply
from grader.diagnosis.replay import Replay

FEW_DRAWS = 5  # of an example, to see whether an answer depends on them at all
MAX_RANDOM_EXAMPLES = 2  # of a check, to which a copy may give other answers because of its random draws


@dataclass
class Comparison:
    """How a copy answers what the submission was asked.

    Attributes:
        agreeing: examples that it answers as the submission did.
        raising: examples in which one of the two raises an exception and the other does not, or another one.
        raising_alone: those among them in which the copy raises none.
        random: examples to which it gives another answer that depends on random draws.
    """

    agreeing: int = 0
    raising: int = 0
    raising_alone: int = 0
    random: list[Example] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        return not self.raising and not self.random

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(
            self.agreeing + other.agreeing,
            self.raising + other.raising,
            self.raising_alone + other.raising_alone,
            [*self.random, *other.random],
        )


@dataclass(frozen=True)
class _Difference:
    """The first answer of an example that is another one: which it is, and what the copy answered."""

    number: int
    reply: Reply


def compare(replay: Replay, examples: Sequence[Example]) -> Comparison | None:
    """Ask a copy what was recorded.

    Two ways to write the same mistake often differ in what they make of an edge case, a sequence of one position say:
    where one of the two raises and the other does not, the example is counted, no more.

    Returns:
        None if the copy gives another answer than the submission.
    Raises:
        CheckAborted: it gives no answer.
    """
    found = Comparison()
    for example in examples:
        difference = _first_difference(replay, example)
        if difference is None:
            found.agreeing += 1
        elif "problem" in example[difference.number].reply or "problem" in difference.reply:
            found.raising += 1
            found.raising_alone += "problem" not in difference.reply
        elif _is_random(replay, example, difference):
            found.random.append(example)
            if len(found.random) == MAX_RANDOM_EXAMPLES:
                break
        else:
            return None
    return found


def reproduces(replay: Replay, example: Example) -> bool:
    """True if the copy answers an example as the submission did."""
    return _first_difference(replay, example) is None


def draw(replay: Replay, example: Example) -> Draws:
    """Ask an example many times, with other random draws each time."""
    return [[*map(Digests().out_of, replay.ask(example, variant))] for variant in range(DRAWS)]


def _first_difference(replay: Replay, example: Example) -> _Difference | None:
    own, theirs = Digests(), Digests()
    for number, (exchange, reply) in enumerate(zip(example, replay.ask(example), strict=True)):
        found = theirs.out_of(reply)
        if not Agreement(exchange.requests, own.out_of(exchange.reply)).holds(found):
            return _Difference(number, found)
    return None


def _is_random(replay: Replay, example: Example, difference: _Difference) -> bool:
    """True if the answer changes with the random draws."""
    agreement = Agreement(example[difference.number].requests, difference.reply)
    up_to_it = example[: difference.number + 1]
    for variant in range(1, FEW_DRAWS):
        *_, last = map(Digests().out_of, replay.ask(up_to_it, variant))
        if not agreement.holds(last):
            return True
    return False
