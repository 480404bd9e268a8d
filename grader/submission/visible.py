"""What learner code may see of the file system: Python, PyTorch and the system's libraries, the submission, a scratch
folder. Everything else is as if it were not there, the hidden checks and the solutions above all.

Bubblewrap mounts these places and nothing else; Landlock allows reading them and nothing else.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import grader
from grader.challenge import checks_folder
from grader.project import find_project

PACKAGE = Path(grader.__file__).resolve().parent
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/sys/devices/system")
SETTINGS = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "nsswitch.conf", "passwd",
            "group", "os-release", "mime.types")  # fmt: skip
DEVICES = ("null", "zero", "full", "random", "urandom")
ACCELERATORS = ("/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/dxg")
ACCELERATOR_FACTS = ("/sys", "/opt/rocm", "/proc/driver")
OWN_PROCESS = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys", "/proc/filesystems")


@dataclass(frozen=True)
class Visible:
    """Places of the file system, by their absolute paths.

    Attributes:
        read: what may be read; none of them lies below another.
        hidden: what lies below one of them and may not be read all the same.
        devices: the nodes of an accelerator, if the machine has one.
    """

    read: tuple[Path, ...]
    hidden: tuple[Path, ...]
    devices: tuple[Path, ...]


@functools.cache
def visible_from(submission: Path) -> Visible:
    """Say what may be seen by the code of a submission; the submission itself is one of the places."""
    devices = tuple(sorted(path for pattern in ACCELERATORS for path in Path("/").glob(pattern[1:])))
    wanted = [*map(Path, SYSTEM), *(Path("/etc") / name for name in SETTINGS), *_python_folders()]
    wanted += map(Path, ACCELERATOR_FACTS) if devices else []
    read = _outermost([path for path in (*wanted, submission) if os.path.exists(path)])
    # A learner may have no solutions; and what is no folder of its own cannot be covered up.
    there = [path for path in _hidden(submission) if os.path.isdir(path) and not path.is_symlink()]
    hidden = [path for path in there if any(path.is_relative_to(place) for place in read)]
    return Visible(read, tuple(hidden), devices)


def _python_folders() -> list[Path]:
    folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    folders |= {os.path.dirname(os.path.realpath(sys.executable)), *_library_path()}
    torch = importlib.util.find_spec("torch")  # elsewhere than in the prefix where it was installed for development
    folders |= {str(Path(place).parent) for place in (torch.submodule_search_locations or ())} if torch else set()
    resolved = {os.path.realpath(folder) for folder in folders}
    return [Path(folder) for folder in sorted(folders | resolved) if os.path.isabs(folder)] + [PACKAGE]


def _library_path() -> list[str]:
    return [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if os.path.isdir(folder)]


def _hidden(submission: Path) -> list[Path]:
    projects = {find_project(submission), find_project(PACKAGE)} - {None}
    solutions = [project.root / "solutions" for project in projects if project is not None]
    corpus = PACKAGE / "data" / "corpus"  # with the text that the smoke test holds out
    return [*{PACKAGE / "checks", corpus, checks_folder()}, *solutions]


def _outermost(paths: list[Path]) -> tuple[Path, ...]:
    """Leave out what lies below another of the paths."""
    found: list[Path] = []
    for path in sorted(set(paths), key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return tuple(found)
