"""Finds which of the learner's files a file is built on, from their text alone."""

from __future__ import annotations

import ast
import os
from pathlib import Path

from grader.source import parsed

MAX_FILES = 20  # are read; who has more helpers than that is diagnosed by what these import


def own_imports(folder: Path, module: str) -> set[str]:
    """Return the names of the modules in the folder that `module` imports, and that these import in turn."""
    found: set[str] = set()
    waiting = [module]
    while waiting and len(found) < MAX_FILES:
        for name in _imported(folder / f"{waiting.pop()}.py") - found:
            if os.path.isfile(folder / f"{name}.py"):
                found.add(name)
                waiting.append(name)
    return found - {module}


def _imported(path: Path) -> set[str]:
    tree = parsed(path)
    if tree is None:
        return set()  # its own checks say what is wrong with it
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
