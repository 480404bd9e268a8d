"""Makes mechanical mutants of a Python file: the same code with one small thing changed.

A mutant that passes every check of its step shows that the checks do not look at what was changed. Here they are made,
from the syntax tree alone; nothing is run. `grader.mutations` says what is changed into what.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from grader.mutations import replacements
from grader.source import syntax_tree

# What stands here has no effect when a learner function is called; the texts of messages are the author's own affair.
UNTOUCHED_FIELDS = frozenset({"annotation", "returns", "type_params", "type_comment", "decorator_list", "bases"})
UNTOUCHED_NODES = (ast.Import, ast.ImportFrom, ast.JoinedStr)


@dataclass(frozen=True)
class Mutant:
    """One changed file.

    Attributes:
        line: in the original file.
        function: in which function, as in `CausalSelfAttention.forward`; "" outside all of them.
        before, after: the changed statement, or its first line, as Python itself would write it.
        source: the whole changed file.
    """

    line: int
    function: str
    before: str
    after: str
    source: str


@dataclass(frozen=True)
class _Place:
    """One node of the tree, where it hangs, and the statement and function around it."""

    node: ast.AST
    owner: ast.AST
    field: str
    index: int | None  # in a list of nodes
    statement: ast.stmt
    function: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.owner, self.field, node)
        else:
            getattr(self.owner, self.field)[self.index] = node


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of a file, in the order of its lines; two changes that give the same text count once.

    Raises:
        SyntaxError: Python cannot read the file.
    """
    tree = syntax_tree(source)
    modules = _imported_names(tree)
    seen = {ast.unparse(tree)}
    mutants = []
    for place in list(_places(tree)):
        before = _first_line(place.statement)
        for replacement in replacements(place.node):
            if isinstance(replacement, ast.Name) and replacement.id in modules:
                continue  # `torch` in place of `torch.log(x)` is no slip of the hand
            place.put(replacement)
            changed = ast.unparse(ast.fix_missing_locations(tree))
            after = _first_line(replacement if place.node is place.statement else place.statement)
            place.put(place.node)
            if changed not in seen:
                seen.add(changed)
                line = getattr(place.node, "lineno", place.statement.lineno)
                mutants.append(Mutant(line, place.function, before, after, changed + "\n"))
    return mutants


def _imported_names(tree: ast.Module) -> set[str]:
    aliases = (node for node in ast.walk(tree) if isinstance(node, ast.alias))
    return {alias.asname or alias.name for alias in aliases}


def _places(tree: ast.Module) -> Iterator[_Place]:
    """Find every node that may be replaced, from the first line to the last."""
    for index, statement in enumerate(tree.body):
        yield from _below(_Place(statement, tree, "body", index, statement, ""))


def _below(place: _Place) -> Iterator[_Place]:
    node = place.node
    if isinstance(node, UNTOUCHED_NODES) or _is_docstring(node):
        return
    yield place
    if _is_signed_number(node):
        return  # its number is not a place of its own
    function = place.function
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}".removeprefix(".")
    for field, value in ast.iter_fields(node):
        if field in UNTOUCHED_FIELDS:
            continue
        children = list(enumerate(value)) if isinstance(value, list) else [(None, value)]
        for index, child in children:
            if isinstance(child, ast.AST):
                statement = child if isinstance(child, ast.stmt) else place.statement
                yield from _below(_Place(child, node, field, index, statement, function))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_signed_number(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)


def _first_line(statement: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(statement)).split("\n", 1)[0]
