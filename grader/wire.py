"""The wire format between the parent (grader process) and the child (learner process).

One message is a frame: an 8-byte prefix (length of the JSON part, length of the tensor part, big-endian unsigned
32-bit integers, in bytes), the JSON part, the tensor part. A tensor stands in the JSON as its dtype, shape, device and
length in bytes; its bytes follow in the tensor part, in the order in which the tensors stand in the JSON.

Both processes import this module, and nothing here executes or unpickles what it reads: a reply can only become plain
data or raise `Malformed`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from grader.frame_prefix import PREFIX

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.uint8,
        torch.bool,
    )
}
MAX_DEPTH = 32  # nested lists of a message; far above anything that is sent, far below Python's recursion limit
MAX_TEXT_BYTES = 8 * 1024**2  # of a JSON part
TEXT_GROWTH = 20  # as Python objects, a JSON part takes at most about so many times its bytes; 13 were seen
MAX_INT_BITS = 1000  # every number of a message fits a float, and prints in a few lines
# Of one dict, keys that are no text. Numbers can be chosen so that every one of them looks at all the others before it
# finds its place; no limit of time holds while a reply is read. (Python draws the places of texts anew in each run.)
MAX_OTHER_KEYS = 1000
MAX_ELEMENTS = 2**40  # of a tensor, empty dimensions counted as one: PyTorch computes strides in 64 bits


class Malformed(Exception):
    """A message does not follow the wire format."""


@dataclass(frozen=True, eq=False)
class WireTensor:
    """A tensor as it travelled: `values` on the CPU, and where the sender had it.

    `device` is the sender's device as a string ("cpu", "cuda:0", "sim:0"); `requires_grad` is the sender's flag.
    Two are equal if everything about them is, every value included (NaN equals nothing, as everywhere).
    """

    values: torch.Tensor
    device: str = "cpu"
    requires_grad: bool = False

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WireTensor):
            return NotImplemented
        mine, theirs = self.values, other.values
        facts = (self.device, self.requires_grad, mine.dtype) == (other.device, other.requires_grad, theirs.dtype)
        return facts and torch.equal(mine, theirs)


@dataclass(frozen=True)
class WireObject:
    """An object that stays in the child, named by its number."""

    number: int


@dataclass(frozen=True)
class WireOpaque:
    """A value that has no place on the wire: only what it is called and how it prints."""

    type_name: str
    text: str


@dataclass(frozen=True)
class WireDevice:
    """A device by its name; only the child knows all of them ("sim:0" is unknown to the parent's torch)."""

    name: str

    @property
    def type(self) -> str:
        return self.name.partition(":")[0]


@dataclass(frozen=True)
class WireIterator:
    """An iterator over `items`, for functions that must take any iterable, not only lists."""

    items: tuple[Any, ...]


def pack(message: Any) -> bytes:
    """Turn a message into one frame.

    Raises:
        TypeError: a value has no place on the wire (wrap it in `WireOpaque`).
    """
    buffers: list[bytes] = []
    text = json.dumps(_encode(message, buffers), ensure_ascii=True, allow_nan=False).encode("ascii")
    body = b"".join(buffers)
    return PREFIX.pack(len(text), len(body)) + text + body


def unpack(text: bytes, body: bytes) -> Any:
    """Turn the two parts of a frame back into a message; tensors come back as `WireTensor`.

    Raises:
        Malformed: anything at all is wrong with it.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise Malformed("too much JSON")
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise Malformed(f"not JSON: {problem}") from None
    reader = _Reader(memoryview(body))
    message = _decode(tree, reader, depth=0)
    if reader.position != len(body):
        raise Malformed("tensor bytes left over")
    return message


def _encode(value: Any, buffers: list[bytes]) -> Any:
    if value is None or isinstance(value, bool | str) or type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, torch.Tensor):
        value = WireTensor(value)
    if isinstance(value, WireTensor):
        return {"tensor": _encode_tensor(value, buffers)}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_encode(item, buffers) for item in value]}
    if isinstance(value, dict):
        if has_too_many_other_keys(value):
            raise TypeError(f"a dict with more than {MAX_OTHER_KEYS} keys that are no text has no place on the wire")
        return {"dict": [[_encode_key(key, buffers), _encode(item, buffers)] for key, item in value.items()]}
    return _encode_leaf(value, buffers)


def has_too_many_other_keys(keys: Iterable[Any]) -> bool:
    """True if more of the keys of a dict are no text than may travel."""
    return sum(not isinstance(key, str) for key in keys) > MAX_OTHER_KEYS


def _encode_key(key: Any, buffers: list[bytes]) -> Any:
    if key is not None and not isinstance(key, bool | int | float | str):
        raise TypeError(f"a dict key of type {type(key).__name__} has no place on the wire")
    return _encode(key, buffers)


def _encode_leaf(value: Any, buffers: list[bytes]) -> dict[str, Any]:
    if isinstance(value, WireObject):
        return {"object": value.number}
    if isinstance(value, WireOpaque):
        return {"opaque": [value.type_name, value.text]}
    if isinstance(value, WireIterator):
        return {"iterator": [_encode(item, buffers) for item in value.items]}
    if isinstance(value, WireDevice):
        return {"device": value.name}
    if isinstance(value, torch.dtype):
        return {"dtype": _dtype_name(value)}
    raise TypeError(f"{type(value).__name__} has no place on the wire")


def _encode_tensor(tensor: WireTensor, buffers: list[bytes]) -> dict[str, Any]:
    values = tensor.values.detach().cpu().contiguous()
    raw = flat_bytes(values).numpy().tobytes()
    buffers.append(raw)
    return {
        "dtype": _dtype_name(values.dtype),
        "shape": list(values.shape),
        "device": tensor.device,
        "requires_grad": tensor.requires_grad,
        "bytes": len(raw),
    }


def flat_bytes(contiguous: torch.Tensor) -> torch.Tensor:
    """Return a flat view of a contiguous tensor as bytes; it works for every dtype, bfloat16 (not NumPy's) included.

    `reshape` would keep the stride of a tensor of one element, whatever it is, and only a stride of 1 can be viewed so.
    """
    return contiguous.as_strided((contiguous.numel(),), (1,)).view(torch.uint8)


def _dtype_name(dtype: torch.dtype) -> str:
    name = str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise TypeError(f"{dtype} has no place on the wire")
    return name


class _Reader:
    def __init__(self, body: memoryview) -> None:
        self.body, self.position = body, 0

    def take(self, length: int) -> bytearray:
        if length < 0 or self.position + length > len(self.body):
            raise Malformed("tensor bytes missing")
        start, self.position = self.position, self.position + length
        return bytearray(self.body[start : self.position])


def _decode(tree: Any, reader: _Reader, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Malformed("nested too deeply")
    if tree is None or isinstance(tree, bool | float | str):
        return tree
    if isinstance(tree, int):
        _require(tree.bit_length() <= MAX_INT_BITS, "int")
        return tree
    if not isinstance(tree, dict) or len(tree) != 1:
        raise Malformed("a value must be plain or an object with one key")
    ((kind, content),) = tree.items()
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise Malformed(f"unknown kind {kind!r:.40}")
    return decoder(content, reader, depth + 1)


def _decode_items(content: Any, reader: _Reader, depth: int) -> Iterator[Any]:
    _require(isinstance(content, list), "items must be a list")
    return (_decode(item, reader, depth) for item in content)


def _decode_dict(content: Any, reader: _Reader, depth: int) -> dict[Any, Any]:
    _require(isinstance(content, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in content), "dict")
    # A text is the only key that JSON says in a text.
    _require(not has_too_many_other_keys(coded for coded, _ in content), "dict with so many keys")
    result = {}
    for coded, item in content:
        key = _decode(coded, reader, depth)
        _require(key is None or isinstance(key, bool | int | float | str), "dict key")
        result[key] = _decode(item, reader, depth)
    return result


def _decode_tensor(content: Any, reader: _Reader, depth: int) -> WireTensor:
    _require(isinstance(content, dict), "tensor")
    shape, length = content.get("shape"), content.get("bytes")
    name, device, requires_grad = content.get("dtype"), content.get("device"), content.get("requires_grad")
    _require(isinstance(name, str) and name in DTYPES, "tensor dtype")
    _require(isinstance(shape, list) and len(shape) <= 16 and all(type(n) is int and n >= 0 for n in shape), "shape")
    _require(isinstance(device, str) and len(device) <= 32 and isinstance(requires_grad, bool), "tensor device")
    _require(math.prod(max(n, 1) for n in shape) <= MAX_ELEMENTS, "tensor size")
    dtype = DTYPES[name]
    _require(type(length) is int and length == math.prod(shape) * dtype.itemsize, "tensor length")
    raw = reader.take(length)
    if dtype is torch.bool and raw and int(torch.frombuffer(raw, dtype=torch.uint8).max()) > 1:
        raise Malformed("tensor of bool")
    values = torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)
    return WireTensor(values.reshape(shape), device, requires_grad)


def _decode_float(content: Any, reader: _Reader, depth: int) -> float:
    _require(content in ("nan", "inf", "-inf"), "float")
    return float(content)


def _decode_object(content: Any, reader: _Reader, depth: int) -> WireObject:
    _require(type(content) is int, "object")
    return WireObject(content)


def _decode_opaque(content: Any, reader: _Reader, depth: int) -> WireOpaque:
    _require(
        isinstance(content, list) and len(content) == 2 and all(isinstance(part, str) for part in content), "opaque"
    )
    return WireOpaque(content[0][:200], content[1][:2000])


def _decode_device(content: Any, reader: _Reader, depth: int) -> WireDevice:
    _require(isinstance(content, str) and len(content) <= 32, "device")
    return WireDevice(content)


def _decode_dtype(content: Any, reader: _Reader, depth: int) -> torch.dtype:
    _require(isinstance(content, str) and content in DTYPES, "dtype")
    return DTYPES[content]


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise Malformed(f"malformed {what}")


_DECODERS: dict[str, Callable[[Any, _Reader, int], Any]] = {
    "list": lambda content, reader, depth: list(_decode_items(content, reader, depth)),
    "tuple": lambda content, reader, depth: tuple(_decode_items(content, reader, depth)),
    "iterator": lambda content, reader, depth: WireIterator(tuple(_decode_items(content, reader, depth))),
    "dict": _decode_dict,
    "tensor": _decode_tensor,
    "float": _decode_float,
    "object": _decode_object,
    "opaque": _decode_opaque,
    "device": _decode_device,
    "dtype": _decode_dtype,
}
