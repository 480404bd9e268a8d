"""What a mutant changes: for one node of a syntax tree, the nodes that are tried in its place.

Each rule is a slip of the hand: a comparison turned, a number off by one, an axis or a sign wrong, a statement, a call
or an argument forgotten, a condition negated, two things swapped.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Assert, ast.Break, ast.Continue)


def replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Return what is tried in the place of `node`; nothing for most nodes."""
    if isinstance(node, ast.Compare):
        yield from _turned_comparisons(node)
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield ast.BinOp(node.left, ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        yield from node.values
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node.value)
    elif isinstance(node, ast.UnaryOp):
        yield from _other_signs(node)
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(_negated(node.test), node.body, node.orelse)
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Call):
        yield from _other_arguments(node)
        yield from _without_call(node)
    elif isinstance(node, ast.Tuple):
        for elements in _swapped(node.elts):
            yield ast.Tuple(elements, node.ctx)
    elif isinstance(node, ast.stmt):
        yield from _other_statements(node)


def _other_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    """A statement left out, a condition negated, a `with` without its context."""
    if isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
        yield ast.AugAssign(node.target, ARITHMETIC[type(node.op)](), node.value)
    if isinstance(node, DROPPED):
        yield ast.Pass()
    elif isinstance(node, ast.If):
        yield ast.If(_negated(node.test), node.body, node.orelse)
    elif isinstance(node, ast.While):
        yield ast.While(_negated(node.test), node.body, node.orelse)
    elif isinstance(node, ast.With):
        yield ast.If(ast.Constant(True), node.body, [])


def _turned_comparisons(node: ast.Compare) -> Iterator[ast.Compare]:
    for index, operator in enumerate(node.ops):
        operators = [*node.ops[:index], COMPARISONS[type(operator)](), *node.ops[index + 1 :]]
        yield ast.Compare(node.left, operators, node.comparators)


def _other_constants(value: object) -> Iterator[ast.expr]:
    """Another truth, the numbers beside a number, another text."""
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield _number(value + 1)
        yield _number(value - 1)
    elif isinstance(value, float):
        yield _number(value + 1)
        yield _number(-value if value else value - 1)
    elif isinstance(value, str):
        yield ast.Constant(value + "x")


def _other_signs(node: ast.UnaryOp) -> Iterator[ast.expr]:
    """The operand without its `-` or `not`; for a negative number the numbers beside it as well."""
    if isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        number = node.operand.value
        if isinstance(number, int | float):
            yield _number(1 - number)
            yield _number(-1 - number)


def _other_arguments(node: ast.Call) -> Iterator[ast.Call]:
    """Two neighbouring arguments swapped, or a named one left out."""
    for arguments in _swapped(node.args):
        yield ast.Call(node.func, arguments, node.keywords)
    for index in range(len(node.keywords)):
        yield ast.Call(node.func, node.args, [*node.keywords[:index], *node.keywords[index + 1 :]])


def _without_call(node: ast.Call) -> Iterator[ast.expr]:
    """What the function was given, or what the method belongs to, as if the call had been forgotten."""
    if isinstance(node.func, ast.Attribute):
        yield node.func.value
    yield from node.args[:1]


def _swapped(elements: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    for first, second in pairwise(range(len(elements))):
        swapped = list(elements)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        yield swapped


def _negated(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _number(value: int | float) -> ast.expr:
    """Write a number as the parser would, a negative one with its sign before it."""
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if value < 0 else ast.Constant(value)
