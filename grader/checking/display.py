"""How values look in a counterexample: short, exact enough to be typed in, never wider than it needs to be."""

from __future__ import annotations

from typing import Any

import torch

from grader.wire import WireDevice, WireIterator, WireOpaque, WireTensor

MAX_VALUES = 48  # values of a tensor that are still written out


def show(value: Any) -> str:
    """Write a value as a learner would type it, a large tensor by its shape."""
    if isinstance(value, WireTensor):
        return show(value.values) + (f" on {value.device}" if value.device != "cpu" else "")
    if isinstance(value, torch.Tensor):
        return _show_tensor(value)
    if isinstance(value, WireOpaque):
        return f"{value.type_name} {value.text}".strip()[:120]
    if isinstance(value, WireDevice):
        return f'torch.device("{value.name}")'
    if isinstance(value, WireIterator):
        return f"iter({show(list(value.items))})"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple) and len(value) <= 8:
        brackets = "[]" if isinstance(value, list) else "()"
        return brackets[0] + ", ".join(show(item) for item in value) + brackets[1]
    return str(value)[:200]


def device_name(device: str) -> str:
    """Write a device's name so that a learner who has never seen the simulated one knows what it is."""
    return f"{device} (simulated)" if device.startswith("sim") else device


def look_alike(one: float, other: float) -> bool:
    """True if a reader of what `show` writes cannot tell two numbers apart."""
    return float(_number(one)) == float(_number(other))


def show_apart(one: float, other: float) -> tuple[str, str]:
    """Write two numbers, with all of their digits if the usual ones do not tell them apart."""
    write = repr if look_alike(one, other) else _number
    return write(one), write(other)


def _show_tensor(tensor: torch.Tensor) -> str:
    if tensor.numel() > MAX_VALUES or tensor.numel() == 0:
        return f"a tensor {_shape(tensor)} of {_dtype(tensor)}"
    return _nested(tensor.detach().tolist())


def _nested(values: Any) -> str:
    if isinstance(values, list):
        return "[" + ", ".join(_nested(item) for item in values) + "]"
    return _number(values) if isinstance(values, float) else str(values)


def _number(value: float) -> str:
    # Six significant digits tell float32 answers apart; -0.0 is 0 to a reader.
    if isinstance(value, int):
        return str(value)
    return "0.0" if value == 0 else f"{value:.6g}" if value != _whole(value) else f"{value:.1f}"


def _whole(value: float) -> float:
    """Return the whole number equal to a small `value`, NaN where there is none."""
    return float(round(value)) if abs(value) < 1e6 else float("nan")


def _shape(tensor: torch.Tensor) -> str:
    return "[" + ", ".join(map(str, tensor.shape)) + "]"


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
