"""What is said when the grader itself has failed: what it means for the learner, and what a report needs.

Or that the machine gives too little to run it at all, which no report would mend.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Sequence

from grader.text import shell_word

# How the system, Python and the loader of libraries put it. More than a process may be unavailable: hence "fork".
SHORTAGE = re.compile(
    "can't start new thread|failed to map segment from shared object|MemoryError|Cannot allocate memory"
    "|Too many open files|fork.*?Resource temporarily unavailable",
    re.DOTALL,
)
TOO_LITTLE = (
    "this machine lets you start too few processes (ulimit -u) or open too few files (ulimit -n), or gives too little "
    "memory (ulimit -v), to run the grader. Close other programs, or raise the limit. It said"
)
PACKAGES = ("fine-dropout", "torch", "hypothesis", "pytest", "numpy")


def shortage_in(description: str) -> str:
    """Say in one line that there are too few processes or files, or too little memory; "" if it is something else."""
    found = SHORTAGE.search(description)
    if found is None:
        return ""
    said = description[: found.end()].splitlines()[-1]
    return f"grade: {TOO_LITTLE}: {said.removeprefix('grade: ')}"


def how_to_report(arguments: Sequence[str]) -> str:
    """Return the lines that stand below the description of a fault.

    Args:
        arguments: those of the command that failed.
    """
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return "\n".join(
        (
            "This is a fault of the grader. Your files were not judged, and nothing in them needs mending for it.",
            "Please send all the lines above, and these, to whoever gave you this course:",
            f"  command:  {' '.join(map(shell_word, ('grade', *arguments)))}",
            f"  versions: Python {platform.python_version()}, {', '.join(map(_version, PACKAGES))}",
            f"  system:   {system}",
        )
    )


def _version(package: str) -> str:
    # Read from what is installed: the import may be what has failed.
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{package} not installed"
