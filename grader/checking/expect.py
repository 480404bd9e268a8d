"""Comparisons that fail with a sentence. Shape, dtype, device and finiteness come before values; nothing broadcasts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from grader.checking.display import device_name, look_alike, show, show_apart
from grader.wire import WireOpaque, WireTensor

SHOWN_WHOLE = 8  # elements; of a larger tensor, or where it looks right, the one that is furthest off is shown


class Mismatch(Exception):
    """The submission's answer is not the expected one.

    Attributes:
        message: one sentence or two for the learner.
        expected, actual: both sides as text, empty where the message says it all.
    """

    def __init__(self, message: str, *, expected: str = "", actual: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.actual = actual


def expect(condition: bool, message: str, *, expected: Any = "", actual: Any = "") -> None:
    """Fail with `message` unless the condition holds."""
    if not condition:
        raise Mismatch(message, expected=_text(expected), actual=_text(actual))


def expect_equal(actual: Any, expected: Any, message: str) -> None:
    """Fail unless two plain values are equal and of the same type."""
    expect(type(actual) is type(expected) and actual == expected, message, expected=expected, actual=actual)


def expect_tensor(
    actual: Any,
    *,
    shape: Sequence[int],
    dtype: torch.dtype | None = None,
    device: str = "cpu",
    what: str = "the result",
) -> torch.Tensor:
    """Fail unless `actual` is a tensor of this shape, dtype and device; return its values."""
    if not isinstance(actual, WireTensor):
        raise Mismatch(
            f"{_sentence(what)} is not a tensor.", expected=f"a tensor {list(shape)}", actual=kind_of(actual)
        )
    values = actual.values
    if list(values.shape) != list(shape):
        raise Mismatch(
            f"{_sentence(what)} has the wrong shape.",
            expected=_shape_text(shape),
            actual=_shape_text(values.shape),
        )
    if dtype is not None and values.dtype != dtype:
        raise Mismatch(f"{_sentence(what)} has the wrong dtype.", expected=str(dtype), actual=str(values.dtype))
    if actual.device != device:
        right, found = device_name(device), device_name(actual.device)
        raise Mismatch(f"{_sentence(what)} is on the wrong device.", expected=right, actual=found)
    return values


def expect_close(
    actual: torch.Tensor,
    expected: torch.Tensor,
    *,
    tolerance: float | torch.Tensor,
    message: str,
    what: str = "the result",
) -> None:
    """Fail unless every element is within `tolerance` (absolute) of the expected one.

    Both must have the same shape already (`expect_tensor`). The comparison is made in float64.
    """
    if actual.shape != expected.shape:
        raise ValueError(f"compare like with like: {actual.shape} and {expected.shape}")
    wide, reference = actual.double(), expected.double()
    excess = ((wide - reference).abs() - tolerance).nan_to_num(nan=math.inf)
    broken = ~torch.isfinite(wide) & torch.isfinite(reference)
    if bool(broken.any()):
        message = f"There is NaN or infinity in {what}."
    elif not bool((excess > 0).any()):
        return
    place = tuple(int(index) for index in torch.unravel_index(excess.argmax(), excess.shape))
    furthest_off = expected[place].item(), actual[place].item()
    if actual.numel() <= SHOWN_WHOLE and not look_alike(*furthest_off):
        raise Mismatch(message, expected=show(expected), actual=show(actual))
    where = f" at {list(place)}" if place else ""
    right, found = show_apart(*furthest_off)
    raise Mismatch(message, expected=right + where, actual=found + where)


def expect_float(actual: Any, expected: float, *, tolerance: float, message: str, what: str = "the result") -> None:
    """Fail unless `actual` is a Python float within `tolerance` (absolute) of the expected one."""
    if not isinstance(actual, float):
        mend = " Turn it into one with .item()." if isinstance(actual, WireTensor) else ""
        raise Mismatch(f"{_sentence(what)} is not a Python float.{mend}", expected="a float", actual=kind_of(actual))
    if not abs(actual - expected) <= tolerance:
        right, found = show_apart(expected, actual)
        raise Mismatch(message, expected=right, actual=found)


def kind_of(value: Any) -> str:
    """Say what a value is: "None", "a list", "a tensor [2, 3] of float32"."""
    if value is None:
        return "None (which is what a function without `return` gives)"
    if isinstance(value, WireTensor):
        return f"a tensor {_shape_text(value.values.shape)} of {str(value.values.dtype).removeprefix('torch.')}"
    if isinstance(value, WireOpaque):
        return _with_article(value.type_name)
    return _with_article(type(value).__name__)


def _with_article(name: str) -> str:
    spoken_with_a_vowel = name[:1].lower() in "aeiou" or name.startswith("nd")  # as "ndarray" is
    return f"{'an' if spoken_with_a_vowel else 'a'} {name}"


def _shape_text(shape: Sequence[int]) -> str:
    return "[] (0-dim)" if len(shape) == 0 else "[" + ", ".join(map(str, shape)) + "]"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else show(value)
