"""Where the usual digits do not tell a wrong number from the right one, a counterexample shows all of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from grader.checking import expect_close, expect_float
from grader.checking.expect import Mismatch

WIDE = torch.arange(12.0, dtype=torch.float64).view(3, 4)


def shown(actual: Tensor, expected: Tensor) -> tuple[str, str]:
    """Return what is shown of two tensors that must be the same."""
    with pytest.raises(Mismatch) as raised:
        expect_close(actual, expected, tolerance=1e-12, message="wrong")
    return raised.value.expected, raised.value.actual


def test_a_small_tensor_shows_the_element_that_is_furthest_off() -> None:
    right = torch.tensor([[0.5, -0.12692801104297263]], dtype=torch.float64)
    wrong = torch.tensor([[0.5, -0.12692801654338837]], dtype=torch.float64)
    assert shown(wrong, right) == ("-0.12692801104297263 at [0, 1]", "-0.12692801654338837 at [0, 1]")


def test_an_element_that_is_visibly_off_but_may_be_does_not_hide_one_that_is_wrong() -> None:
    right = torch.tensor([1e-14, 0.3], dtype=torch.float64)
    wrong = torch.tensor([2e-14, 0.3 + 1e-9], dtype=torch.float64)
    assert shown(wrong, right) == ("0.3 at [1]", f"{0.3 + 1e-9!r} at [1]")


def test_a_large_tensor_shows_more_digits_as_well() -> None:
    off = torch.zeros_like(WIDE)
    off[1, 2] = 1e-9
    assert shown(WIDE + off, WIDE) == ("6.0 at [1, 2]", "6.000000001 at [1, 2]")


def test_a_tensor_without_dimensions_has_no_place() -> None:
    assert shown(WIDE[0, 1] + 1e-9, WIDE[0, 1]) == ("1.0", "1.000000001")


def test_a_float_is_shown_with_all_digits() -> None:
    with pytest.raises(Mismatch) as raised:
        expect_float(2.00000001, 2.0, tolerance=1e-12, message="wrong")
    assert (raised.value.expected, raised.value.actual) == ("2.0", "2.00000001")


def test_numbers_that_are_told_apart_stay_short() -> None:
    right = torch.tensor([1 / 3, 2.0], dtype=torch.float64)
    assert shown(right + 1e-4, right) == ("[0.333333, 2.0]", "[0.333433, 2.0001]")
