"""What is said when the grader itself has failed: what it means for the learner, and what a report needs."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Sequence

from grader.text import shell_word

PACKAGES = ("fine-dropout", "torch", "hypothesis", "pytest", "numpy")


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
