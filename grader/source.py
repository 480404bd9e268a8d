"""Reads a learner's file as text, without running it."""

from __future__ import annotations

import ast
import os
import warnings
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

MAX_BYTES = 1 << 17  # far above any file that somebody writes by hand; a tree can take 900 times as much memory


def parsed(path: Path) -> ast.Module | None:
    """Return the syntax tree of a file; None where Python cannot read it, or where there is no file of that name."""
    try:
        if not os.path.isfile(path) or path.stat().st_size > MAX_BYTES:  # a pipe would be waited for; a tree is huge
            return None
        return syntax_tree(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def use(paths: Iterable[Path], name: str) -> bool:
    """Tell whether one of these files uses what a module holds, by a name such as "torch.compile"."""
    module, _, attribute = name.partition(".")
    nodes = chain.from_iterable(map(ast.walk, filter(None, map(parsed, paths))))
    attributes = (node for node in nodes if isinstance(node, ast.Attribute) and node.attr == attribute)
    return any(isinstance(node.value, ast.Name) and node.value.id == module for node in attributes)


def syntax_tree(source: str) -> ast.Module:
    """Parse without a word: Python may have warnings, of a backslash in a docstring say; they are no matter here.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: Python cannot read it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
