"""What the tests of the training script share: a copy of the solution folder, and a way to run a program in it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The project importable, a cache folder of its own, and one thread, so that floating-point sums have one order."""
    settings = {
        "PYTHONPATH": str(PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "FINE_DROPOUT_CACHE": str(tmp_path_factory.mktemp("cache")),
        "OMP_NUM_THREADS": "1",
    }
    return os.environ | settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the solution that a test may change."""
    return Path(
        shutil.copytree(
            PROJECT / "solutions" / "challenge5", tmp_path / "challenge5", ignore=shutil.ignore_patterns("__pycache__")
        )
    )


@pytest.fixture
def run(folder: Path, environment: dict[str, str]) -> Run:
    """Runs Python in the folder with some arguments; 300 seconds at most, for a busy machine."""

    def run_python(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run_python
