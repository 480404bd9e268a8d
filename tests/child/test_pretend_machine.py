"""Every way of asking what the machine has gets the same pretended answer, and the true one afterwards."""

from __future__ import annotations

import pytest
import torch

from grader.child.pretend_machine import pretend_machine
from grader.wire import WireDevice
from tests.child.conftest import Learner
from tests.child.observing import call

WAYS = {
    "cuda and mps": """
        if torch.cuda.is_available(): return torch.device("cuda")
        if torch.backends.mps.is_available(): return torch.device("mps")
        return torch.device("cpu")""",
    "mps first": """
        if hasattr(torch.backends, "mps") and torch.backends.mps.is_available(): return torch.device("mps")
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")""",
    "built and available": """
        if torch.backends.mps.is_built() and torch.backends.mps.is_available(): return torch.device("mps")
        return torch.device("cuda") if torch.cuda.device_count() > 0 else torch.device("cpu")""",
    "accelerator": """
        if torch.accelerator.is_available(): return torch.accelerator.current_accelerator()
        return torch.device("cpu")""",
    "accelerator, checked": """
        return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")""",
    "accelerator, counted": """
        if torch.accelerator.device_count() == 0: return torch.device("cpu")
        return torch.accelerator.current_accelerator()""",
    "the version of CUDA": """
        if torch.version.cuda is not None and torch.backends.cuda.is_built() and torch.cuda.is_available():
            torch.cuda.init()
            torch.cuda.set_device(0)
            print(torch.cuda.get_device_properties(device=0).total_memory)
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")""",
    "asking and catching": """
        for name in ("cuda", "mps"):
            try: getattr(torch, name).synchronize()
            except Exception: continue
            return torch.device(name)
        return torch.device("cpu")""",
    "a chain of getattr": """
        for name in ("cuda", "xpu", "mps", "mtia"):
            module = getattr(torch, name, None)
            if module is not None and getattr(module, "is_available", lambda: False)(): return torch.device(name)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")""",
    "a constant of the file": """
        return DEVICE""",
    "a constant of a helper": """
        import helper
        return helper.DEVICE""",
}
CHOICE = """
DEVICE = torch.device(
    "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
)
"""
MACHINES = {"cuda": "cuda", "mps": "mps", "none": "cpu"}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_of_asking_agrees(way: str, learner: Learner) -> None:
    source = f"import torch\n{CHOICE}\ndef run():\n{way}\n"
    submission = learner(source.replace("\n        ", "\n    "), files={"helper.py": f"import torch\n{CHOICE}"})
    function = submission.function("code", "run")
    # Twice, the second time in another order: nothing of one machine may be left for the next.
    for machine in (*MACHINES, *reversed(MACHINES)):
        device = function.call(machine=machine).value
        assert isinstance(device, WireDevice)
        assert device.type == MACHINES[machine], f"pretended {machine}"


def test_the_pretence_lasts_for_one_call(learner: Learner) -> None:
    submission = learner(f"import torch\n{CHOICE}\ndef run(): return [torch.cuda.is_available(), str(DEVICE)]\n")
    before = call(submission)
    assert submission.function("code", "run").call(machine="cuda").value == [True, "cuda"]
    assert call(submission) == before


def test_what_was_held_before_belongs_to_the_same_module_afterwards(learner: Learner) -> None:
    submission = learner("state = []\ndef run(): state.append(1); return len(state)\n")
    assert call(submission) == 1
    assert submission.function("code", "run").call(machine="cuda").value == 1
    assert call(submission) == 2


def answers() -> list[object]:
    return [
        torch.cuda.is_available(),
        torch.cuda.device_count(),
        torch.backends.mps.is_available(),
        torch.backends.mps.is_built(),
        torch.accelerator.is_available(),
        torch.accelerator.device_count(),
        torch.accelerator.current_accelerator(),
    ]


@pytest.mark.parametrize("machine", MACHINES)
def test_everything_is_as_before_afterwards(machine: str) -> None:
    before = answers()
    functions = [torch.cuda.is_available, torch.accelerator.is_available, torch._C._get_accelerator]
    with pytest.raises(KeyError), pretend_machine(machine):
        raise KeyError
    assert answers() == before
    assert [torch.cuda.is_available, torch.accelerator.is_available, torch._C._get_accelerator] == functions


def test_a_machine_has_one_accelerator_at_most() -> None:
    for machine in MACHINES:
        with pretend_machine(machine):
            found = [torch.cuda.is_available(), torch.backends.mps.is_available(), torch.xpu.is_available()]
            assert sum(found) == (machine != "none")
