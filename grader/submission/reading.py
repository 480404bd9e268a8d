"""What an answer of the learner's process must look like before anything uses it.

Our worker sends no other forms: learner code has written such an answer, or changed the worker. The check that asked
ends with an error then; it never fails half-way inside, on a key or a kind that is not there.
"""

from __future__ import annotations

from typing import Any

from grader.submission.problems import UNREADABLE, CheckAborted
from grader.verdict import Outcome
from grader.wire import WireOpaque, WireTensor


def fields(answer: Any) -> dict[str, Any]:
    """Return an answer that is a dict of names, whatever it holds for each."""
    _require(isinstance(answer, dict) and all(isinstance(name, str) for name in answer))
    return dict(answer)


def exact_fields(names: set[str], answer: Any) -> dict[str, Any]:
    """Return an answer that is a dict of exactly these names: what nobody asked for would only fill the memory."""
    _require(isinstance(answer, dict) and answer.keys() == names)
    return dict(answer)


def modes(answer: Any) -> dict[str, bool]:
    """Return the modes of a module, "", and of the modules inside it, by name."""
    found = fields(answer)
    _require("" in found and all(isinstance(mode, bool) for mode in found.values()))
    return found


def float_attributes(answer: Any) -> dict[str, float]:
    """Return attributes of modules by name."""
    found = fields(answer)
    _require(all(isinstance(value, float) for value in found.values()))
    return found


def gradients(answer: Any) -> dict[str, Any]:
    """Return the gradient of each parameter by name: a tensor, None, or what cannot travel, a sparse one say."""
    found = fields(answer)
    _require(all(value is None or isinstance(value, WireTensor | WireOpaque) for value in found.values()))
    return found


def notes(answer: Any) -> list[dict[str, bool]]:
    """Return what an observer noted of each call: was the module training, were gradients on?"""
    _require(isinstance(answer, list))
    found = [fields(note) for note in answer]
    for note in found:
        _require(note.keys() == {"training", "gradients"} and all(isinstance(on, bool) for on in note.values()))
    return found


def digests(answer: Any) -> list[str]:
    """Return the digests of random states, each a text."""
    _require(isinstance(answer, list) and bool(answer) and all(isinstance(digest, str) for digest in answer))
    return list(answer)


def _require(condition: bool) -> None:
    if not condition:
        raise CheckAborted(Outcome.ERROR, UNREADABLE)
