"""Tells from a file's text which of its functions are still to do, without running it.

Needed for a step that waits for others: its checks are not run, and yet an untouched stub should be called one.
"""

from __future__ import annotations

import ast
from pathlib import Path

from grader.source import parsed


def unfilled_functions(path: Path) -> set[str]:
    """Return the names of functions, and of classes with methods, that end in `raise NotImplementedError`.

    A file that is missing or that Python cannot read has none: its own checks say what is wrong with it.
    """
    tree = parsed(path)
    found = set()
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.FunctionDef) and _is_unfilled(node):
            found.add(node.name)
        if isinstance(node, ast.ClassDef) and any(
            isinstance(method, ast.FunctionDef) and _is_unfilled(method) for method in node.body
        ):
            found.add(node.name)
    return found


def _is_unfilled(function: ast.FunctionDef) -> bool:
    last = function.body[-1]
    if not isinstance(last, ast.Raise) or last.exc is None:
        return False
    raised = last.exc.func if isinstance(last.exc, ast.Call) else last.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
