"""The picture of the curves is an extra: nothing that hinders it costs a run its verdict."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import warnings
from itertools import product
from pathlib import Path

import pytest

from grader.report import words
from grader.report.curves_image import save_curves
from grader.verdict import Outcome, SmokeResult
from tests.command.conftest import environment

PNG = b"\x89PNG"
SMOKE = "SmokeResult(Outcome.PASSED, '', train_loss=(8.0, 7.0), test_loss=((0, 8.0), (2, 7.0)))"
DRAWING = f"""
from pathlib import Path
from grader.report.curves_image import save_curves
from grader.verdict import Outcome, SmokeResult
import os, sys
before = dict(os.environ)
print(save_curves({SMOKE}, Path("notes/curves.png").absolute()), flush=True)
assert os.environ == before
if "without an end" in sys.argv:  # as the command does
    os._exit(0)
"""


def smoke(*train_loss: float) -> SmokeResult:
    return SmokeResult(Outcome.FAILED, "", train_loss=train_loss, test_loss=((0, train_loss[0]), (2, train_loss[-1])))


def test_the_curves_are_drawn(tmp_path: Path) -> None:
    path = tmp_path / "notes" / "curves.png"
    assert save_curves(smoke(8.0, 7.0), path) == path
    assert path.read_bytes().startswith(PNG)


ALARMING = {"LaTeX": b"text.usetex: True\n", "other bytes": b"\xff\xfe\x00", "nonsense": b"savefig.dpi: many\nx"}


@pytest.mark.parametrize("settings", ALARMING.values(), ids=ALARMING)
def test_no_settings_of_the_current_folder_are_followed(settings: bytes, tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_bytes(settings)
    assert drawn_in(tmp_path) == f"{tmp_path}/notes/curves.png\n"
    assert (tmp_path / "notes" / "curves.png").read_bytes().startswith(PNG)


def test_settings_that_are_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "matplotlibrc")
    assert drawn_in(tmp_path) == f"{tmp_path}/notes/curves.png\n"


def drawn_in(folder: Path, *arguments: str, **changes: str) -> str:
    """Draw in a process that has not imported matplotlib yet; return what it printed."""
    command = [sys.executable, "-c", DRAWING, *arguments]
    variables = environment(folder, **changes)
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize("name", ["HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME"])
def test_nothing_is_left_where_no_fonts_can_be_kept(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "temporary").mkdir()
    nowhere = {"MPLCONFIGDIR": "", "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": "", name: str(tmp_path / "file" / "below")}
    picture = drawn_in(tmp_path, "without an end", TMPDIR=str(tmp_path / "temporary"), **nowhere)
    assert picture == f"{tmp_path}/notes/curves.png\n"
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is another folder")
def test_fonts_are_kept_where_matplotlib_keeps_them(tmp_path: Path) -> None:
    """Even if there is no place for its settings."""
    (tmp_path / "file").touch()
    nowhere, cache = str(tmp_path / "file" / "below"), tmp_path / "home cache"
    drawn_in(tmp_path, MPLCONFIGDIR="", XDG_CONFIG_HOME=nowhere, XDG_CACHE_HOME=str(cache))
    assert list((cache / "matplotlib").glob("fontlist-*.json")) != []


@pytest.mark.parametrize("loss", [1.7e308, -1.7e308, 1e200, math.inf, -math.inf, math.nan, 5e-324])
def test_losses_that_cannot_be_drawn_are_left_out_in_silence(loss: float, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert save_curves(smoke(8.0, loss, -loss), tmp_path / "curves.png") in (tmp_path / "curves.png", None)


@pytest.mark.parametrize("losses", [*product([1.7e308, -1.7e308, math.inf, -math.inf, math.nan, 7.0], repeat=3)])
def test_any_losses_can_be_drawn_as_text(losses: tuple[float, ...]) -> None:
    train, test = words.curves(smoke(*losses), width=2)
    assert set(words.sparkline(losses, width=3)) <= set(words.BARS)
    assert max(map(len, (train, test))) < 50


def test_a_loss_that_is_no_number_is_drawn_as_the_largest() -> None:
    assert words.sparkline([7.0, math.nan], width=2) == "▁█"


def test_a_place_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert save_curves(smoke(8.0, 7.0), tmp_path / "file" / "curves.png") is None


def test_a_pipe_in_their_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "curves.png")
    assert save_curves(smoke(8.0, 7.0), tmp_path / "curves.png") is not None
    assert (tmp_path / "curves.png").read_bytes().startswith(PNG)
