"""Let `pick_device`-like code believe that it runs on another machine.

Only the questions that code asks about the machine are answered differently; no tensor can be put on the pretended
accelerator. Everything is as it was when the block ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch

NONE = "none"
CUDA = "13.0"  # the version that PyTorch would have been built for
MEMORY_BYTES = 8 * 1024**3  # of the pretended accelerator


@contextmanager
def pretend_machine(accelerator: str) -> Iterator[None]:
    """Pretend that the machine's only accelerator is `accelerator`: "cuda", "mps", or "none" for a CPU-only one."""
    with ExitStack() as patches:
        for owner, name, answer in _answers(accelerator):
            if hasattr(owner, name):
                patches.enter_context(mock.patch.object(owner, name, answer))
        yield


def _properties(name: str) -> SimpleNamespace:
    return SimpleNamespace(
        name=f"pretended {name}", total_memory=MEMORY_BYTES, major=8, minor=0, multi_processor_count=1
    )


def _answering(fact: Any) -> Callable[..., Any]:
    return lambda *device, **options: fact


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*device: Any, **options: Any) -> None:
        raise RuntimeError(f"No {name} device is available")

    return refuse


def _answers(accelerator: str) -> Iterator[tuple[Any, str, Any]]:
    there = accelerator != NONE
    device = torch.device(accelerator) if there else None

    def current_accelerator(check_available: bool = False) -> torch.device | None:
        # Unchecked, a CUDA build of PyTorch names CUDA on a machine without a GPU as well.
        return device if there or check_available else torch.device("cuda")

    yield torch.accelerator, "is_available", lambda: there
    yield torch.accelerator, "device_count", lambda: int(there)
    yield torch.accelerator, "current_accelerator", current_accelerator
    yield torch.accelerator, "current_device_index", lambda: 0
    yield torch._C, "_get_accelerator", lambda: device or torch.device("cpu")
    for name in ("cuda", "xpu", "mps", "mtia"):
        module = getattr(torch, name, None)
        is_it = accelerator == name
        facts = {
            "init": None,
            "current_device": 0,
            "set_device": None,
            "get_device_name": f"pretended {name}",
            "get_device_capability": (8, 0),
            "get_device_properties": _properties(name),
            "mem_get_info": (MEMORY_BYTES, MEMORY_BYTES),
            "recommended_max_memory": MEMORY_BYTES,
            "synchronize": None,
        }
        for question, fact in facts.items():
            yield module, question, _answering(fact) if is_it else _refusing(name)
        yield module, "is_available", lambda is_it=is_it: is_it
        yield module, "device_count", lambda is_it=is_it: int(is_it)
    # What PyTorch was built for says nothing about the machine: without an accelerator it is built for both.
    built_for = [accelerator] if there else ["cuda", "mps"]
    yield torch.version, "cuda", CUDA if "cuda" in built_for else None
    yield torch.backends.cuda, "is_built", lambda: "cuda" in built_for
    yield torch.backends.mps, "is_available", lambda: accelerator == "mps"
    yield torch.backends.mps, "is_built", lambda: "mps" in built_for
