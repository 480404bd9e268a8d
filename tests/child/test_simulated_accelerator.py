"""The simulated accelerator computes what the CPU computes, and rejects what a GPU rejects.

Everything runs in workers: the registration of the device stays out of the tests' own process.
"""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.submission.problems import LearnerError
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.wire import WireDevice, WireTensor
from tests.child.conftest import Learner, submit_folder
from tests.child.observing import call
from tests.child.test_wire import same

FOLDER = Path(__file__).parent / "submissions" / "simulated"
HELPERS = {"built", "some"}
OTHER_MISTAKES = {
    "index_of_a_cpu_tensor": "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
    "numpy": "TypeError: can't convert sim:0 device type tensor to numpy. Use Tensor.cpu()",
    "array": "TypeError: can't convert sim:0 device type tensor to numpy. Use Tensor.cpu()",
    "attention": "Expected query, key, and value to have the same device type",
    "gradient_of_the_wrong_place": "attempting to assign a gradient with device type 'cpu'",
}
NEED_GRADIENTS = {"gradient_of_the_wrong_place"}
TWO_DEVICES = "Expected all tensors to be on the same device, but found at least two devices, sim:0 and cpu!"


def functions_of(file: str) -> list[str]:
    tree = ast.parse((FOLDER / file).read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name not in HELPERS]


@pytest.fixture(scope="module")
def simulated(shared_process: ChildProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Submission]:
    yield submit_folder(shared_process, shutil.copytree(FOLDER, tmp_path_factory.mktemp("simulated") / "submission"))
    shared_process.end_worker()


def on(device: str, submission: Submission, file: str, name: str) -> Any:
    submission.begin_check()
    return submission.function(file, name)(WireDevice(device))


def alike(one: Any, other: Any) -> bool:
    """Equality whatever the device. The tolerance is for SDPA, which takes another kernel and sums in another order."""
    if isinstance(one, WireTensor) and isinstance(other, WireTensor):
        facts = [(side.requires_grad, side.values.dtype, side.values.shape) for side in (one, other)]
        return facts[0] == facts[1] and torch.allclose(one.values, other.values, rtol=1e-4, atol=1e-6, equal_nan=True)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return one == pytest.approx(other, rel=1e-5, nan_ok=True)
    return same(one, other)


def devices_in(value: Any) -> set[str]:
    if isinstance(value, WireTensor):
        return {value.device}
    return set().union(*map(devices_in, value)) if isinstance(value, list | tuple) else set()


@pytest.mark.parametrize("name", functions_of("operations.py"))
def test_the_answer_is_that_of_the_cpu(name: str, simulated: Submission) -> None:
    expected = on("cpu", simulated, "operations", name)
    found = on("sim:0", simulated, "operations", name)
    assert alike(found, expected), f"{found}\n{expected}"


@pytest.mark.parametrize("name", functions_of("operations.py"))
def test_inside_inference_mode_the_answer_is_that_of_the_cpu(name: str, simulated: Submission) -> None:
    expected, found = (inside_inference_mode(device, simulated, "operations", name) for device in ("cpu", "sim:0"))
    assert alike(found, expected), f"{found}\n{expected}"


def inside_inference_mode(device: str, submission: Submission, file: str, name: str) -> Any:
    submission.begin_check()
    try:
        return submission.function("inside", "run")(file, name, WireDevice(device))
    except LearnerError as error:  # no gradients there
        return error.message


@pytest.mark.parametrize("name", ["forward", "gradients", "making", "indexing", "joining", "losses", "matrix_products"])
def test_results_stay_on_the_device(name: str, simulated: Submission) -> None:
    assert devices_in(on("sim:0", simulated, "operations", name)) == {"sim:0"}


@pytest.mark.parametrize("name", functions_of("mistakes.py"))
def test_a_device_mistake_fails_as_on_a_gpu(name: str, simulated: Submission) -> None:
    with pytest.raises(LearnerError) as caught:
        on("sim:0", simulated, "mistakes", name)
    assert OTHER_MISTAKES.get(name, TWO_DEVICES) in caught.value.message
    assert caught.value.location is not None


@pytest.mark.parametrize("name", sorted(set(functions_of("mistakes.py")) - NEED_GRADIENTS))
def test_inside_inference_mode_a_device_mistake_fails_too(name: str, simulated: Submission) -> None:
    assert OTHER_MISTAKES.get(name, TWO_DEVICES) in inside_inference_mode("sim:0", simulated, "mistakes", name)


@pytest.mark.parametrize("name", sorted(set(functions_of("mistakes.py")) - {"numpy", "array"}))
def test_on_one_device_a_device_mistake_is_none(name: str, simulated: Submission) -> None:
    on("cpu", simulated, "mistakes", name)


def test_a_tensor_prints_as_it_does_on_a_gpu(learner: Learner) -> None:
    submission = learner(
        "import torch\n"
        "def run():\n"
        "    x = torch.tensor([1.0, 2.5], device='sim')\n"
        "    print(x)\n"
        "    return [repr(x), str(x), f'{x}', f'{x[0]}', '%s' % x.device, x.device.type, x.is_cpu]\n"
    )
    text = "tensor([1.0000, 2.5000], device='sim:0')"
    assert call(submission) == [text, text, text, "1.0", "sim:0", "sim", False]
    assert submission.process.take_output() == text


def test_seeding_prints_no_warning(learner: Learner) -> None:
    submission = learner("import torch\ndef run():\n    torch.manual_seed(3)\n    torch.zeros(1, device='sim')\n")
    submission.function("code", "run").call(seed=4)
    assert submission.process.take_output() == ""


def test_the_device_is_the_current_accelerator(learner: Learner) -> None:
    submission = learner(
        "from torch.accelerator import current_accelerator, is_available\n"
        "def run(): return [str(current_accelerator()), is_available()]\n"
    )
    if submission.accelerators() == ["sim:0"]:
        assert call(submission) == ["sim", True]


def test_two_of_the_device_are_told_apart(learner: Learner) -> None:
    submission = learner(
        "import torch\n"
        "def followed():\n"
        "    x = torch.ones(2, 3).to('sim:1')\n"
        "    made = torch.arange(3, device=x.device), torch.zeros_like(x), x + 1, x.sum(), x.new_ones(2)\n"
        "    return [str(y.device) for y in (x, *made, x.to('sim:0'), torch.ones(1, device=x.device.type))]\n"
        "def mixed(): return torch.ones(2, device='sim:1') + torch.ones(2, device='sim:0')\n"
        "def written(): torch.ones(2, device='sim:1')[:] = torch.ones(2, device='sim:0')\n"
        "def copied(): return torch.ones(2, device='sim:1').copy_(torch.zeros(2, device='sim:0'))\n"
    )
    assert call(submission, "followed") == ["sim:1"] * 6 + ["sim:0"] * 2
    with pytest.raises(LearnerError, match="found at least two devices, sim:1 and sim:0!"):
        call(submission, "mixed")
    call(submission, "written")  # an assignment copies, and a copy may come from any device
    copied = call(submission, "copied")
    assert (copied.device, copied.values.tolist()) == ("sim:1", [0.0, 0.0])


def test_a_generator_on_the_device_is_a_limit_that_is_known(learner: Learner) -> None:
    """Random numbers come from the CPU's generator; a generator of the device itself does not exist."""
    submission = learner("import torch\ndef run(): return torch.Generator(device='sim').device\n")
    with pytest.raises(LearnerError):
        call(submission)


def test_a_wire_tensor_arrives_on_the_device_and_comes_back(learner: Learner) -> None:
    submission = learner("def run(x): return x * 2, str(x.device), x.is_leaf\n")
    x = WireTensor(torch.tensor([1.0, 2.0]), "sim:0", requires_grad=True)
    doubled, device, leaf = call(submission, "run", x)
    assert (doubled.values.tolist(), doubled.device, device, leaf) == ([2.0, 4.0], "sim:0", "sim:0", True)


def test_the_tests_own_process_knows_no_such_device() -> None:
    with pytest.raises(RuntimeError):
        torch.device("sim")
