"""Ways in which a reply can be wrong: what a broken or a lying learner process might send instead of the true one.

A reply is the two parts of a frame, its JSON and its tensor bytes. `HARM` is what no check may pass with, whatever it
asked. `LIES` are answers of the right form with nothing right in them, which a check that compares the answer must
notice. `change_anything` makes any change at all, a harmless one perhaps: a reader must take the reply or refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import torch

from grader.submission.exchange import HungUp, Oversized, TimedOut
from grader.wire import WireDevice, WireIterator, WireOpaque, WireTensor, pack, unpack
from tests.child.test_wire import parts

Reply = tuple[bytes, bytes]
Harm = Callable[[Reply, Reply], Reply]  # of the true reply and the one before it


def _never(reply: Reply, before: Reply) -> Reply:
    raise TimedOut


def _hang_up(reply: Reply, before: Reply) -> Reply:
    raise HungUp


def _oversized(reply: Reply, before: Reply) -> Reply:
    raise Oversized


def _with(change: Callable[[dict[str, Any]], Any]) -> Harm:
    """Decode the true message, change it, and encode it again."""
    return lambda reply, before: parts(pack(change(unpack(*reply))))


def _problem(**facts: Any) -> Harm:
    return _with(lambda message: {"id": message["id"], "problem": facts})


def _other_values(value: Any) -> Any:
    """Change every value at all depths, so that nothing right is left, and keep every kind, shape and dtype."""
    if isinstance(value, WireTensor):
        changed = ~value.values if value.values.dtype is torch.bool else value.values + 1
        return WireTensor(changed, value.device, value.requires_grad)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, WireDevice):
        return WireDevice("cpu" if value.type != "cpu" else "cuda:0")
    return _inside(value, _other_values)


def _not_finite(value: Any) -> Any:
    """Put NaN in the place of every number."""
    if isinstance(value, WireTensor):
        nan = torch.full_like(value.values, float("nan"), dtype=torch.float32)
        return WireTensor(nan, value.device, value.requires_grad)
    if isinstance(value, float | int):
        return float("nan")
    return _inside(value, _not_finite) if isinstance(value, list | tuple | dict) else None


def _other_shapes(value: Any) -> Any:
    if isinstance(value, WireTensor):
        return WireTensor(value.values[None], value.device, value.requires_grad)
    return _inside(value, _other_shapes) if isinstance(value, list | tuple | dict) else [value]


def _inside(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(change(item) for item in value)
    if isinstance(value, dict):
        return {key: change(item) for key, item in value.items()}
    return value


def _in_answer(change: Callable[[Any], Any]) -> Harm:
    return _with(lambda message: {**message, "answer": change(message["answer"])})


HARM: dict[str, Harm] = {
    "taken away": _never,
    "taken away with its process": _hang_up,
    "doubled": _oversized,
    "empty": lambda reply, before: (b"", b""),
    "cut in its JSON": lambda reply, before: (reply[0][:-1], reply[1]),
    "cut in the middle": lambda reply, before: (reply[0][: len(reply[0]) // 2], b""),
    "without its tensors": lambda reply, before: (reply[0], reply[1][:-1]) if reply[1] else (reply[0][1:], b""),
    "with a byte too many": lambda reply, before: (reply[0], reply[1] + b"\0"),
    "its JSON twice": lambda reply, before: (reply[0] * 2, reply[1]),
    "the reply before": lambda reply, before: before,
    "another request's": _with(lambda message: {**message, "id": message["id"] + 1}),
    "of no request": _with(lambda message: {"answer": message["answer"]}),
    "without an answer": _with(lambda message: {"id": message["id"]}),
    "a list of itself": _with(lambda message: [message]),
    "None": _in_answer(lambda answer: None),
    "a number": _in_answer(lambda answer: 10**30),
    "a dict of odd keys": _in_answer(lambda answer: {None: 1, 1.5: [], True: {}}),
    "a promise": _in_answer(lambda answer: WireOpaque("Right", "the right answer")),
    "an iterator": _in_answer(lambda answer: WireIterator((answer,))),
    "in a list": _in_answer(lambda answer: [answer]),
    "an exception": _problem(kind="call", type="ValueError", text="no"),
    "a skip": _problem(kind="call", type="Skipped", text="not today"),
    "a stub": _problem(kind="call", todo=True, file="training.py", line=1),
    "a fault of the grader": _problem(kind="internal", text="your fault"),
    "a problem of numbers": _problem(kind=1, type=2.5, text=None, file=[], line="x", names={"a": 1}, todo=1),
}

LIES: dict[str, Harm] = {
    "other values": _in_answer(_other_values),
    "not finite": _in_answer(_not_finite),
    "other shapes": _in_answer(_other_shapes),
}

JUNK: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, 2**63, -(2**64), 10**4000, float("inf"), float("nan"), "", "x", "\ud800",
    "\x1b[2J", "cpu", "nan", [], {}, [1, 2], {"list": []}, {"tuple": []}, {"dict": []}, {"dict": [[None, 1], [1.5, 2]]},
    {"dict": [["", 1], ["training", 2], ["gradients", []]]}, {"object": 1}, {"opaque": ["Liar", "\ud800"]},
    {"device": "sim:0"}, {"dtype": "float32"}, {"iterator": []}, {"float": "nan"}, {"float": "-inf"},
    {"tensor": {"dtype": "float32", "shape": [0], "device": "cpu", "requires_grad": False, "bytes": 0}},
    {"tensor": {"dtype": "bool", "shape": [3, 0], "device": "\x1b", "requires_grad": True, "bytes": 0}},
    {"tensor": {"dtype": "int8", "shape": [2**40, 2**40], "device": "cpu", "requires_grad": False, "bytes": 2**80}},
)  # fmt: skip
DEEP = {depth: json.loads('{"list":[' * depth + "1" + "]}" * depth) for depth in (20, 33)}
TAGS = ("list", "tuple", "iterator", "dict", "tensor", "float", "object", "opaque", "device", "dtype")
BODIES: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: b"",
    lambda body: body[:-1],
    lambda body: body + b"\0",
    lambda body: b"\xff" * len(body),  # NaN in every floating dtype, no bool
    lambda body: bytes(len(body)),
    lambda body: body[::-1],
)


def change_anything(reply: Reply, random: Random) -> Reply:
    """Change one to three places of the reply, in its JSON as a rule: kinds, fields, keys, lengths, numbers, bytes."""
    text, body = reply
    tree = json.loads(text)
    for _ in range(random.randint(1, 3)):
        if random.random() < 0.1:
            body = random.choice(BODIES)(body)
        else:
            tree = _change_somewhere(tree, random)
    text = json.dumps(tree).encode()
    return (_change_text(text, random), body) if random.random() < 0.15 else (text, body)


def _change_somewhere(tree: Any, random: Random) -> Any:
    places = list(_places(tree))
    if not places:
        return random.choice(JUNK)
    container, key = random.choice(places)
    random.choice(CHANGES)(container, key, random)
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON tree, as the list or dict around it and its index or key there."""
    keys = range(len(tree)) if isinstance(tree, list) else list(tree) if isinstance(tree, dict) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


def _replace(container: Any, key: Any, random: Random) -> None:
    container[key] = json.loads(json.dumps(random.choice((*JUNK, *DEEP.values()))))


def _delete(container: Any, key: Any, random: Random) -> None:
    del container[key]


def _double(container: Any, key: Any, random: Random) -> None:
    if isinstance(container, list):
        container.insert(key, container[key])
    else:
        container[f"{key}2"] = container[key]


def _nudge(container: Any, key: Any, random: Random) -> None:
    """Change a number, a word or a flag a little."""
    value = container[key]
    if isinstance(value, bool):
        container[key] = not value
    elif isinstance(value, int):
        fraction = float(value) if value.bit_length() < 1000 else 0.5  # no float is larger than that
        container[key] = random.choice((value + 1, value - 1, -value, fraction, str(value), 2 * value))
    elif isinstance(value, float | str):
        container[key] = random.choice((str(value) + "x", value * 2, None))
    elif isinstance(value, list):
        random.shuffle(value)
    else:
        _retag(container, key, random)


def _retag(container: Any, key: Any, random: Random) -> None:
    """Call a value by the name of another kind."""
    value = container[key]
    if isinstance(value, dict) and len(value) == 1:
        container[key] = {random.choice(TAGS): next(iter(value.values()))}
    else:
        container[key] = {random.choice(TAGS): value}


def _swap(container: Any, key: Any, random: Random) -> None:
    other = random.choice(list(range(len(container)) if isinstance(container, list) else container))
    container[key], container[other] = container[other], container[key]


CHANGES = (_replace, _delete, _double, _nudge, _nudge, _retag, _swap)


def _change_text(text: bytes, random: Random) -> bytes:
    """Change the JSON as text: what no JSON library would write."""
    at = random.randrange(len(text) + 1)
    return random.choice(
        (
            text[:at],
            text[:at] + bytes([random.randrange(256)]) + text[at + 1 :],
            text + text,
            text.decode().encode("utf-16"),
            b"\xef\xbb\xbf" + text,
            text.replace(b'"shape"', b'"shape": [1], "shape"', 1),  # the same key twice
            text.replace(b'"id"', b'"id", 1], ["id"', 1),
            text.replace(b"1", b"1e999", 1),
            text.replace(b"1", b"NaN", 1),
            text.replace(b"1", b"9" * 5000, 1),
            text.replace(b'"', b"'", 1),
            b"[" * 100_000 + text,
        )
    )
