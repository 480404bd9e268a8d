"""Large libraries are loaded so that Ctrl-C ends the waiting for them, and wherever the user stands."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.loading import load


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for modules, which are forgotten at the end."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_ctrl_c_ends_the_waiting_and_not_the_loading(modules: Path) -> None:
    (modules / "slow_one.py").write_text("import time\ntime.sleep(1.0)\nloaded = True\n")
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        load("slow_one")
    assert time.monotonic() - started < 0.9
    load_thread = next(thread for thread in threading.enumerate() if thread.name == "load")
    load_thread.join()
    assert sys.modules["slow_one"].loaded


def test_what_goes_wrong_is_raised(modules: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_one"):
        load("no_such_one")


def test_the_current_folder_may_be_removed_meanwhile(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = modules / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (modules / "placed_one.py").write_text(f"import os\nos.rmdir({str(here)!r})\nplace = os.getcwd()\n")
    load("placed_one")
    assert sys.modules["placed_one"].place == "/"
    with pytest.raises(FileNotFoundError):
        os.getcwd()


def test_afterwards_the_current_folder_is_what_it_was(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(modules)
    (modules / "quick_one.py").touch()
    load("quick_one")
    assert Path.cwd() == modules
