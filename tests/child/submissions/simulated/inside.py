"""Calls a function of another file inside `torch.inference_mode()`."""

from __future__ import annotations

import importlib
from typing import Any

import torch


def run(file: str, name: str, device: Any) -> Any:
    with torch.inference_mode():
        return getattr(importlib.import_module(file), name)(device)
