"""Whatever can be packed comes back as it was."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.frame_prefix import PREFIX
from grader.wire import (
    DTYPES,
    MAX_OTHER_KEYS,
    MAX_TEXT_BYTES,
    Malformed,
    WireDevice,
    WireIterator,
    WireObject,
    WireOpaque,
    WireTensor,
    pack,
    unpack,
)

QUICK = settings(max_examples=300, deadline=None, database=None, derandomize=True)
DEVICES = st.sampled_from(["cpu", "cuda:0", "mps:0", "sim:0"])


@st.composite
def tensors(draw: st.DrawFn) -> WireTensor:
    """Tensors of any dtype and shape that hold any bits at all: NaNs, infinities, subnormals."""
    dtype = DTYPES[draw(st.sampled_from(sorted(DTYPES)))]
    shape = draw(st.lists(st.integers(0, 3), max_size=4))
    length = math.prod(shape) * dtype.itemsize
    raw = bytearray(draw(st.binary(min_size=length, max_size=length)))
    if dtype is torch.bool:
        raw = bytearray(byte & 1 for byte in raw)
    values = torch.frombuffer(raw, dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)
    return WireTensor(values, draw(DEVICES), draw(st.booleans()))


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**256), 2**256)
    | st.floats()
    | st.text(st.characters())
    | tensors()
    | st.sampled_from(list(DTYPES.values()))
    | st.builds(WireObject, st.integers(0, 10**6))
    | st.builds(WireOpaque, st.text(max_size=200), st.text(max_size=2000))
    | st.builds(WireDevice, DEVICES)
)
KEYS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=5)
MESSAGES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.lists(inner, max_size=4).map(lambda items: WireIterator(tuple(items)))
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def parts(frame: bytes) -> tuple[bytes, bytes]:
    text_length, body_length = PREFIX.unpack_from(frame)
    assert len(frame) == PREFIX.size + text_length + body_length
    return frame[PREFIX.size : PREFIX.size + text_length], frame[PREFIX.size + text_length :]


def there_and_back(message: Any) -> Any:
    return unpack(*parts(pack(message)))


def same(one: Any, other: Any) -> bool:
    """Equality that tells types apart, counts NaN as itself, and compares tensors bit by bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, WireTensor):
        alike = (one.device, one.requires_grad, one.values.dtype, one.values.shape)
        return alike == (other.device, other.requires_grad, other.values.dtype, other.values.shape) and bits(
            one.values
        ) == bits(other.values)
    if isinstance(one, float):
        return repr(one) == repr(other)
    if isinstance(one, dict):
        return same([list(pair) for pair in one.items()], [list(pair) for pair in other.items()])
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, WireIterator):
        return same(one.items, other.items)
    return bool(one == other)


def bits(values: torch.Tensor) -> list[int]:
    found: list[int] = values.reshape(-1).view(torch.uint8).tolist()
    return found


@QUICK
@given(MESSAGES)
def test_what_is_packed_comes_back(message: Any) -> None:
    assert same(there_and_back(message), message)


@pytest.mark.parametrize("name", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5,), (2, 3)], ids=str)
def test_every_dtype_travels_in_every_shape(name: str, shape: tuple[int, ...]) -> None:
    values = torch.arange(math.prod(shape)).reshape(shape).to(DTYPES[name])
    assert same(there_and_back(values), WireTensor(values))


def test_a_view_travels_as_the_values_it_shows() -> None:
    values = torch.arange(24.0).reshape(2, 3, 4).transpose(0, 2)[::2, 1:].expand(2, 2, 2)
    assert torch.equal(there_and_back(values).values, values)


def test_a_tensor_that_arrives_can_be_written_to() -> None:
    values = there_and_back(torch.zeros(3)).values
    values += 1
    assert values.tolist() == [1.0, 1.0, 1.0]


def test_tensors_keep_their_order() -> None:
    message = {"a": [torch.tensor([1]), torch.tensor([2, 3])], "b": torch.tensor([4])}
    back = there_and_back(message)
    assert [tensor.values.tolist() for tensor in (*back["a"], back["b"])] == [[1], [2, 3], [4]]


def test_nothing_is_shared_with_the_sender() -> None:
    values = torch.zeros(2)
    back = there_and_back(values)
    values += 1
    assert back.values.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        1j,
        torch.zeros(1, dtype=torch.complex64),
        torch.complex64,
        {(1, 2): 3},
        dict.fromkeys(range(MAX_OTHER_KEYS + 1)),
        [print],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_place_on_the_wire_is_refused_by_the_sender(value: Any) -> None:
    with pytest.raises(TypeError):
        pack(value)


@pytest.mark.parametrize("keys", [range(MAX_OTHER_KEYS), [str(number) for number in range(5 * MAX_OTHER_KEYS)]])
def test_a_dict_of_many_keys_travels(keys: Any) -> None:
    assert same(there_and_back(dict.fromkeys(keys)), dict.fromkeys(keys))


def test_more_json_than_is_stated_is_refused() -> None:
    with pytest.raises(Malformed):
        unpack(b"[" + b" " * MAX_TEXT_BYTES + b"]", b"")
