"""Python, torch and the other packages: are they there, in versions that the grader is tested with?"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator

from grader.doctor.findings import Finding

IMPORT_SECONDS = 120.0  # from a cold disk
OWN_NAME = "fine-dropout"


def examine_packages() -> Iterator[Finding]:
    """Compare what is installed with what the package asks for."""
    yield Finding("Python", f"{sys.version.split()[0]} ({sys.executable})")
    try:
        wanted = [line for line in importlib.metadata.requires(OWN_NAME) or [] if "extra ==" not in line]
    except importlib.metadata.PackageNotFoundError:
        yield Finding(
            "packages", f"{OWN_NAME} is not installed", "Install it in the project's folder: pip install -e ."
        )
        return
    wrong = [finding for line in wanted if (finding := _compare(line)) is not None]
    yield from wrong
    if not wrong:
        yield Finding("packages", f"all {len(wanted)} are there, in versions that are tested")


def _compare(requirement: str) -> Finding | None:
    """Return what is wrong with one package, None if nothing is."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    bounds = requirement[len(name) :].split(";")[0].strip()
    mend = f"pip install '{name}{bounds}'"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "is not installed", mend)
    return None if _fits(version, bounds) else Finding(name, f"{version}, and {bounds} is needed", mend)


def _fits(version: str, bounds: str) -> bool:
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:  # comes with pytest, whose own line says that it is missing
        return True
    return SpecifierSet(bounds).contains(version, prereleases=True)


def examine_torch() -> Iterator[Finding]:
    """Import torch in a process of its own."""
    command = [sys.executable, "-I", "-c", "import torch; print(torch.__version__, torch.ones(2).sum().item())"]
    mend = "Install it again: pip install --force-reinstall torch"
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        yield Finding("torch", f"is not imported within {IMPORT_SECONDS:g} s", "Try again; the disk may be slow.")
        return
    said = done.stdout.split()
    if done.returncode == 0 and said[1:] == ["2.0"]:
        yield Finding("torch", f"{said[0]} works")
    else:
        last = (done.stderr.strip().splitlines() or [f"it ends with status {done.returncode}"])[-1]
        yield Finding("torch", f"cannot be imported ({last[:200]})", mend)
