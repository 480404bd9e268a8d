"""Between live Python objects in the child and values on the wire, in both directions.

Held objects (a model, an optimiser, a tensor of a graph) stay here under a number; the parent names them by it.
"""

from __future__ import annotations

from typing import Any

import torch

from grader.child.learner_files import Problem, type_name
from grader.child.simulated_accelerator import SimulatedTensor
from grader.wire import (
    DTYPES,
    WireDevice,
    WireIterator,
    WireObject,
    WireOpaque,
    WireTensor,
    flat_bytes,
    has_too_many_other_keys,
)

MAX_ITEMS = 100_000  # items of one list that travel
# Of the tensor itself: a subclass may have attributes of these names that say something else, and learner code may put
# others in their place. (torch's stubs have the first as a plain attribute.)
_requires_grad = torch._C.TensorBase.requires_grad.__get__  # type: ignore[attr-defined]
_device = torch._C.TensorBase.device.__get__
PLAIN_TENSORS = (torch.Tensor, torch.nn.Parameter, SimulatedTensor)


class HeldObjects:
    """The objects that the parent has asked to keep, under the numbers that it gave them."""

    def __init__(self) -> None:
        self._objects: dict[int, Any] = {}

    def hold(self, number: int, value: Any) -> None:
        self._objects[number] = value

    def get(self, reference: WireObject) -> Any:
        if reference.number not in self._objects:
            raise Problem("internal", text=f"object {reference.number} is not held")
        return self._objects[reference.number]

    def forget(self) -> None:
        self._objects.clear()

    def revive(self, value: Any) -> Any:
        """Turn a value from the wire into the live object that learner code is called with."""
        if isinstance(value, WireTensor):
            return revive_tensor(value)
        if isinstance(value, WireObject):
            return self.get(value)
        if isinstance(value, WireDevice):
            return torch.device(value.name)
        if isinstance(value, WireIterator):
            return iter([self.revive(item) for item in value.items])
        if isinstance(value, list):
            return [self.revive(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self.revive(item) for item in value)
        if isinstance(value, dict):
            return {key: self.revive(item) for key, item in value.items()}
        return value


def revive_tensor(wire: WireTensor) -> torch.Tensor:
    values = wire.values.clone()
    if wire.device != "cpu":
        values = values.to(wire.device)
    return values.requires_grad_() if wire.requires_grad else values


def to_wire(value: Any, depth: int = 0) -> Any:
    """Turn whatever learner code returned into something that can travel; never fails, never changes `value`."""
    if value is None or type(value) is bool:
        return value
    if isinstance(value, torch.device):
        return WireDevice(str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        number = int.__int__(value)
        return number if number.bit_length() <= 256 else WireOpaque("int", "a number of more than 256 bits")
    if isinstance(value, float):  # NumPy's float64 is one
        return float.__float__(value)
    if isinstance(value, str):
        return str.__str__(value)[:2000]
    if isinstance(value, torch.dtype) and str(value).removeprefix("torch.") in DTYPES:
        return value
    if isinstance(value, torch.Tensor):
        return _tensor_to_wire(value)
    if isinstance(value, list | tuple | dict) and depth < 8 and len(value) <= MAX_ITEMS:
        return _container_to_wire(value, depth + 1)
    return _opaque(value)


def _container_to_wire(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        keys = [to_wire(key, depth) if type(key) in (str, int, bool, float) else _opaque(key) for key in value]
        if any(isinstance(key, WireOpaque) for key in keys) or has_too_many_other_keys(keys):
            return _opaque(value)
        return {key: to_wire(item, depth) for key, item in zip(keys, value.values(), strict=True)}
    items = [to_wire(item, depth) for item in value]
    return tuple(items) if isinstance(value, tuple) else items


def _tensor_to_wire(value: torch.Tensor) -> WireTensor | WireOpaque:
    try:
        requires_grad, device = _requires_grad(value), str(_device(value))
        with torch._C.DisableTorchFunctionSubclass():
            plain = value.detach()
            if type(value) not in PLAIN_TENSORS:
                plain = plain.as_subclass(torch.Tensor)
            if plain.layout is not torch.strided or str(plain.dtype).removeprefix("torch.") not in DTYPES:
                return WireOpaque(f"tensor ({plain.dtype}, {plain.layout})".replace("torch.", ""), "")
            if plain.device.type == "meta":
                return WireOpaque("tensor on the meta device, which holds no values", "")
            plain = plain.cpu().resolve_neg().contiguous()
            flat_bytes(plain).numpy()  # a nested tensor, or one of a transform, has no such bytes
            return WireTensor(plain, device, requires_grad)
    except Exception as error:
        return WireOpaque(f"{type_name(value)} whose values cannot be read ({type_name(error)})", "")


def _opaque(value: Any) -> WireOpaque:
    try:
        text = str.__str__(repr(value))[:200]
    except BaseException:  # the learner's own __repr__ may do anything
        text = ""
    return WireOpaque(type_name(value), text)
