"""What Hypothesis draws for the checks depends on nothing that surrounds it, and it leaves nothing behind."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import storage_directory
from hypothesis.internal.conjecture import providers

from grader.errors import GraderError
from grader.secluded_hypothesis import COLLECTS, secluded_hypothesis

CONSTANT = 271_828_182_845
AROUND_IT = st.integers(CONSTANT - 10**6, CONSTANT + 10**6)  # no other constant of any module is there


def draws() -> list[int]:
    """Return 400 numbers that the same seed always draws; 5 in 100 or so are constants that Hypothesis knows."""
    numbers: list[int] = []

    @seed(0)
    @settings(max_examples=400, database=None, deadline=None, phases=[Phase.generate])
    @given(AROUND_IT)
    def draw(number: int) -> None:
        numbers.append(number)

    draw()
    return numbers


@pytest.fixture
def constant_in_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module of the user's, not loaded yet."""
    (tmp_path / "module_with_a_constant.py").write_text(f"CONSTANT = {CONSTANT}\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "module_with_a_constant"


def test_the_draws_are_the_same_whatever_modules_are_loaded(constant_in_a_module: str) -> None:
    with secluded_hypothesis():
        before = draws()
        importlib.import_module(constant_in_a_module)
        after = draws()
    assert before == after
    assert CONSTANT not in after
    assert CONSTANT in draws(), "Hypothesis has changed: it no longer draws constants that it finds in modules"
    with secluded_hypothesis():
        assert draws() == before, "what was found outside is still drawn"
    del sys.modules[constant_in_a_module]


def test_what_is_drawn_afterwards_is_not_stored_in_the_folder_that_was_removed() -> None:
    with secluded_hypothesis():
        inside = storage_directory("any", intent_to_write=False).path
        assert inside.parent.exists()
    assert not inside.parent.exists()
    assert storage_directory("any", intent_to_write=False).path.parent == Path.cwd() / ".hypothesis"


def test_a_hypothesis_that_cannot_be_secluded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(providers, COLLECTS)
    with pytest.raises(GraderError, match="Install hypothesis"), secluded_hypothesis():
        pass
