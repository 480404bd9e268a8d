"""An optimiser step leaves the compiler unloaded, and whoever asks for the compiler gets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = """
import sys
import torch
from grader.child.lazy_dynamo import delay_dynamo
delay_dynamo()

def is_loaded():
    return "torch._dynamo.config" in sys.modules

def step(make, foreach):
    model = torch.nn.Linear(2, 1)
    optimizer = make(model.parameters(), lr=0.1, foreach=foreach)
    before = model.weight.detach().clone()
    model(torch.ones(3, 2)).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
    assert not torch.equal(model.weight, before)
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", START + code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_optimiser_steps_do_not_load_the_compiler() -> None:
    run("""
for make in (torch.optim.AdamW, torch.optim.Adam, torch.optim.SGD):
    for foreach in (False, True):
        step(make, foreach)
import inspect
inspect.getmodule(step)
assert not is_loaded()
""")


@pytest.mark.parametrize(
    "use",
    [
        "from torch._dynamo import config; assert config.cache_size_limit > 0",
        "assert torch.compile(lambda x: x + 1, backend='eager')(torch.ones(1)).item() == 2",
    ],
)
def test_whoever_uses_the_compiler_gets_the_real_one(use: str) -> None:
    run(f"{use}\nassert is_loaded()\nassert type(sys.modules['torch._dynamo']).__name__ == 'module'\n")
