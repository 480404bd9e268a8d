"""`grade doctor` says what is in order and what is not, whatever is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command.conftest import ROOT, Grade, Run, copy_project, environment
from tests.command.terminal import open_terminal

WHAT = ("Python", "packages", "torch", "isolation", "learner process", "packaged corpus", "cache folder", "terminal")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which nothing else has been run."""
    return copy_project(tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="module")
def healthy(grade: Grade, untouched: Path) -> Run:
    return grade("doctor", "--isolation", "process", cwd=untouched)


def test_everything_in_order_is_status_0(healthy: Run) -> None:
    assert (healthy.status, healthy.errors) == (0, "")
    assert healthy.output.endswith("\nEverything is in order.\n")


@pytest.mark.parametrize("what", WHAT)
def test_each_thing_has_its_line(what: str, healthy: Run) -> None:
    assert f"✓ {what}: " in healthy.output


def test_nothing_is_left_behind(healthy: Run, untouched: Path) -> None:
    assert healthy.status == 0
    assert not (untouched / ".grade").exists()


def doctor_with(broken: Path, scratch: Path, **changes: str) -> Run:
    """Run the doctor where these modules come before the installed ones."""
    variables = environment(scratch, **changes)
    program = f"import sys; sys.path[:0] = [{str(broken)!r}]; sys.argv[1:] = ['doctor']; import grader.__main__"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=scratch,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def without(package: str, tmp_path: Path) -> Path:
    """Return a folder in which an import of the package fails, and which knows nothing of its version."""
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(f"raise ImportError('No module named {package}')\n")
    return tmp_path


def test_a_torch_of_another_version_is_named_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    facts = tmp_path / "torch-1.0.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 1.0.0\n", encoding="utf-8")
    run = doctor_with(tmp_path, scratch)
    text = " ".join(run.output.split())
    assert run.status == 1
    assert "✗ torch: 1.0.0, and" in text
    assert "pip install 'torch" in text


@pytest.mark.parametrize("package", ["rich", "pyarrow", "tiktoken"])
def test_a_package_that_cannot_be_imported_breaks_no_examination(package: str, tmp_path: Path, scratch: Path) -> None:
    run = doctor_with(without(package, tmp_path), scratch)
    assert "Traceback" not in run.output + run.errors
    assert "✓ torch: " in run.output
    assert "encoding: utf-8" in run.output


def test_a_python_without_torch_gets_its_lines_all_the_same(tmp_path: Path, scratch: Path) -> None:
    """The torch line is examined in a process of its own, with this environment's packages taken away."""
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    done = subprocess.run(
        [bare / "bin" / "python", "-m", "grader", "doctor"],
        cwd=ROOT,
        env=environment(scratch),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "✗ torch: cannot be imported (ModuleNotFoundError: No module named 'torch')" in " ".join(done.stdout.split())
    assert "Not in order: " in done.stdout


def test_bubblewrap_that_is_missing_is_named_with_the_mend(grade: Grade, project: Path, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("bubblewrap is there for Linux only")
    run = grade("doctor", cwd=project, PATH=str(tmp_path))
    assert run.status == 1
    assert "✗ isolation: plain process only: bubblewrap is not installed" in run.output
    assert "or take --isolation process." in " ".join(run.output.split())
    assert "apt install bubblewrap" in " ".join(run.output.split())


def test_a_file_in_the_place_of_the_cache_folder_is_named(grade: Grade, project: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file", encoding="utf-8")
    run = grade("doctor", "--isolation", "process", cwd=project, FINE_DROPOUT_CACHE=str(tmp_path / "cache"))
    assert run.status == 1
    assert "✗ cache folder" in run.output
    assert "FINE_DROPOUT_CACHE" in run.output


def test_an_encoding_without_the_marks_is_named(grade: Grade, project: Path) -> None:
    run = grade("doctor", "--isolation", "process", cwd=project, PYTHONIOENCODING="ascii")
    assert run.status == 1
    assert "? encoding: ascii lacks signs" in run.output
    assert "export LC_ALL=C.UTF-8" in " ".join(run.output.split())


def test_a_terminal_is_measured(project: Path, scratch: Path) -> None:
    terminal = open_terminal(project, scratch, "doctor", "--isolation", "process")
    terminal.read_to_the_end()
    assert "✓ terminal: 80 columns, colours" in terminal.text
