"""Whatever a learner's process sends, reading it gives plain data or `Malformed`: nothing else is ever raised."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.wire import MAX_OTHER_KEYS, Malformed, WireTensor, pack, unpack
from tests.child.test_wire import MESSAGES, parts

MANY = settings(max_examples=1000, deadline=None, database=None, derandomize=True)
KINDS = ["list", "tuple", "iterator", "dict", "tensor", "float", "object", "opaque", "device", "dtype", "code", ""]
FIELDS = ["dtype", "shape", "device", "requires_grad", "bytes"]
HUGE = [-1, 0, 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**30, -(2**63)]
NUMBERS = st.sampled_from(HUGE) | st.integers() | st.floats()
NAMES = st.sampled_from(["float32", "bool", "int64", "complex64", "float31", "cpu", "sim:0", "nan", "inf", "-inf", ""])
TREES = st.recursive(
    st.none() | st.booleans() | NUMBERS | NAMES | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KINDS), inner, min_size=1, max_size=1)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5).map(lambda fields: {"tensor": fields})
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=15,
)
SHAPES = st.lists(NUMBERS | st.integers(0, 3), max_size=5)
TENSORS = st.fixed_dictionaries(
    {
        "dtype": NAMES,
        "shape": SHAPES,
        "device": st.sampled_from(["cpu", "sim:0", "x" * 33]),
        "requires_grad": st.booleans() | st.integers(0, 1),
        "bytes": NUMBERS | st.integers(0, 16),
    }
)
GOOD_TENSOR = {"dtype": "float32", "shape": [2], "device": "cpu", "requires_grad": False, "bytes": 8}


def read(text: bytes, body: bytes = b"") -> None:
    """Unpack; only data or `Malformed` may come of it."""
    try:
        message = unpack(text, body)
    except Malformed:
        return
    pack(message)  # it is plain data: it could be sent on


def as_text(tree: Any) -> bytes:
    return json.dumps(tree).encode()


@MANY
@given(TREES, st.binary(max_size=16))
def test_any_json_is_read_or_refused(tree: Any, body: bytes) -> None:
    read(as_text(tree), body)


@MANY
@given(TENSORS, st.binary(max_size=16))
def test_any_description_of_a_tensor_is_read_or_refused(fields: Any, body: bytes) -> None:
    read(as_text({"tensor": fields}), body)


@MANY
@given(MESSAGES, st.data())
def test_any_changed_byte_is_read_or_refused(message: Any, data: st.DataObject) -> None:
    text, body = parts(pack(message))
    changed = bytearray(text)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(changed), body)


@settings(MANY, max_examples=500)
@given(MESSAGES, st.data())
def test_a_shortened_part_is_refused(message: Any, data: st.DataObject) -> None:
    text, body = parts(pack({"answer": message}))
    shorter = text[: data.draw(st.integers(0, len(text) - 1))]
    with pytest.raises(Malformed):
        unpack(shorter, body)
    if body:
        with pytest.raises(Malformed):
            unpack(text, body[: data.draw(st.integers(0, len(body) - 1))])


@settings(MANY, max_examples=300)
@given(st.binary(max_size=200), st.binary(max_size=20))
def test_any_bytes_are_read_or_refused(text: bytes, body: bytes) -> None:
    read(text, body)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dtype": "complex64"},
        {"dtype": "float31"},
        {"dtype": "__class__"},
        {"dtype": ["float32"]},
        {"dtype": None},
        {"shape": [-2, -1]},
        {"shape": [2.0]},
        {"shape": [True, 2]},
        {"shape": "2"},
        {"shape": [1] * 17},
        {"shape": [3]},
        {"shape": [10**30, 0], "bytes": 0},
        {"shape": [2**63, 0], "bytes": 0},
        {"shape": [2**40, 2**40, 0], "bytes": 0},
        {"shape": [2**62, 4]},
        {"bytes": 7},
        {"bytes": 16},
        {"bytes": -8},
        {"bytes": 8.0},
        {"bytes": 2**62},
        {"device": "x" * 33},
        {"device": 0},
        {"requires_grad": 1},
        {"dtype": "int32", "shape": [2, 2]},
        {"dtype": "bool", "shape": [8]},
    ],
    ids=str,
)
def test_a_wrong_description_of_a_tensor_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        unpack(as_text({"tensor": {**GOOD_TENSOR, **wrong}}), b"\x02" * 8)


@pytest.mark.parametrize("missing", FIELDS)
def test_a_tensor_must_say_everything(missing: str) -> None:
    with pytest.raises(Malformed):
        unpack(as_text({"tensor": {key: value for key, value in GOOD_TENSOR.items() if key != missing}}), b"\0" * 8)


def test_two_tensors_cannot_share_their_bytes() -> None:
    with pytest.raises(Malformed):
        unpack(as_text({"list": [{"tensor": GOOD_TENSOR}, {"tensor": GOOD_TENSOR}]}), b"\0" * 8)


def test_bytes_left_over_are_refused() -> None:
    with pytest.raises(Malformed):
        unpack(as_text({"tensor": GOOD_TENSOR}), b"\0" * 9)


@pytest.mark.parametrize("nested", ["[", '{"list":[', '{"a":', '{"dict":[[1,'])
@pytest.mark.parametrize("depth", [40, 100_000])
def test_deep_nesting_is_refused(nested: str, depth: int) -> None:
    closing = {"[": "]", "{": "}"}
    end = "".join(closing.get(letter, "") for letter in reversed(nested))
    with pytest.raises(Malformed):
        unpack((nested * depth + "1" + end * depth).encode(), b"")


def test_a_number_of_many_digits_is_refused() -> None:
    with pytest.raises(Malformed):
        unpack(b"1" * 100_000, b"")


SAME_PLACE = sys.hash_info.modulus  # all multiples of it have one hash, so that a dict looks at each for each
OTHER_KEYS = {
    "whole numbers": [SAME_PLACE * number for number in range(MAX_OTHER_KEYS + 1)],
    "floats": [number / 2 for number in range(MAX_OTHER_KEYS + 1)],
    "NaNs": [{"float": "nan"}] * (MAX_OTHER_KEYS + 1),
    "whole numbers after texts": [*"abc", *range(MAX_OTHER_KEYS + 1)],
    "one number again and again": [1] * (MAX_OTHER_KEYS + 1),
}


@pytest.mark.parametrize("keys", OTHER_KEYS.values(), ids=OTHER_KEYS)
def test_a_dict_with_many_keys_that_are_no_text_is_refused(keys: list[Any]) -> None:
    pairs = [[key, None] for key in keys]
    read(as_text({"dict": pairs[:MAX_OTHER_KEYS]}))
    with pytest.raises(Malformed):
        unpack(as_text({"dict": pairs}), b"")


def test_a_large_tensor_of_bools_is_checked_without_a_loop_in_python() -> None:
    message = WireTensor(torch.zeros(16 * 1024**2, dtype=torch.bool))
    text, body = parts(pack(message))
    with pytest.raises(Malformed):
        unpack(text, body[:-1] + b"\x02")
