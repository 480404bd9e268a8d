"""PyTorch's common exceptions are explained; each is really raised here, by the PyTorch that is installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from grader.diagnosis.torch_errors import KNOWN, explain, recognise
from grader.submission.problems import problem_from
from tests.submissions import Answer, SharedChild, write_submission

LOGITS = torch.arange(6.0).view(2, 3)


def change_what_is_needed() -> None:
    x = LOGITS.clone().requires_grad_()
    y = x.exp()
    y -= 1
    y.sum().backward()


def change_a_leaf() -> None:
    LOGITS.clone().requires_grad_().sub_(1)


def go_back_twice() -> None:
    loss = LOGITS.clone().requires_grad_().exp().sum()
    loss.backward()
    loss.backward()


def use_what_inference_made() -> None:
    with torch.inference_mode():
        made = torch.ones(2, 3)
    (made * LOGITS.clone().requires_grad_()).sum().backward()


RAISED: tuple[tuple[str, str, Callable[[], object]], ...] = (
    ("loss of float targets", "no whole numbers", lambda: F.nll_loss(LOGITS, torch.zeros(2))),
    ("loss of int32 targets", "no whole numbers", lambda: F.cross_entropy(LOGITS, torch.zeros(2, dtype=torch.int32))),
    ("embedding of floats", "no whole numbers", lambda: F.embedding(torch.zeros(1), LOGITS)),
    ("gather with floats", "no whole numbers", lambda: LOGITS.gather(1, torch.zeros(2, 1))),
    ("index of floats", "no whole numbers", lambda: LOGITS[torch.zeros(1)]),
    ("one-hot of floats", "no whole numbers", lambda: F.one_hot(torch.zeros(1))),
    ("log-softmax of token ids", "whole numbers", lambda: torch.tensor([1, 2]).log_softmax(-1)),
    ("a tensor that backward needs", "changed in place", change_what_is_needed),
    ("a leaf", "changed in place", change_a_leaf),
    ("matrix product", "shapes in a product", lambda: LOGITS @ LOGITS),
    ("linear layer", "shapes in a product", lambda: F.linear(LOGITS, torch.ones(4, 5))),
    ("batched matrix product", "shapes in a product", lambda: torch.ones(2, 3, 4) @ torch.ones(2, 3, 4)),
    ("sum of two shapes", "shapes side by side", lambda: LOGITS + torch.ones(2, 4)),
    ("another batch size", "shapes side by side", lambda: F.cross_entropy(LOGITS, torch.zeros(1, dtype=torch.int64))),
    ("vocabulary not second", "shapes side by side",
     lambda: F.cross_entropy(torch.ones(2, 5, 3), torch.zeros(2, 5, dtype=torch.int64))),
    ("view of another size", "another number of elements", lambda: LOGITS.view(4, 2)),
    ("view after a transpose", "another number of elements", lambda: LOGITS.T.view(6)),
    ("backward twice", "backward twice", go_back_twice),
    ("backward from a constant", "no graph", lambda: torch.ones(2).sum().backward()),
    ("made in inference mode", "made for inference", use_what_inference_made),
    ("backward from a vector", "no scalar", lambda: LOGITS.clone().requires_grad_().exp().backward()),
    ("item of many", "no scalar", lambda: LOGITS.item()),
    ("NumPy with gradients", "NumPy", lambda: LOGITS.clone().requires_grad_().numpy()),
    ("no such dimension", "out of range", lambda: torch.ones(2).softmax(1)),
    ("no such token", "out of range", lambda: F.nll_loss(LOGITS, torch.tensor([0, 7]))),
    ("no such row", "out of range", lambda: F.embedding(torch.tensor([9]), LOGITS)),
)  # fmt: skip
ON_TWO_DEVICES = """
import torch
from grader.child import simulated_accelerator
simulated_accelerator.register()
for wrong in (lambda: torch.ones(3).to("sim") + torch.ones(3), lambda: torch.ones(3).to("sim").numpy()):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__, error, sep="|")
"""


@pytest.mark.parametrize(("about", "wrong"), [row[1:] for row in RAISED], ids=[row[0] for row in RAISED])
def test_an_exception_is_recognised(about: str, wrong: Callable[[], object]) -> None:
    with pytest.raises(Exception) as raised:  # noqa: PT011 - which one it is is what is asked
        wrong()
    known = recognise(type(raised.value).__name__, str(raised.value))
    assert known is not None, str(raised.value)
    assert known.about == about


def test_exceptions_of_the_simulated_accelerator_are_recognised() -> None:
    done = subprocess.run([sys.executable, "-c", ON_TWO_DEVICES], capture_output=True, text=True, check=True)
    found = [recognise(*line.split("|", 1)) for line in done.stdout.splitlines()]
    assert [known and known.about for known in found] == ["several devices", "NumPy"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="with CUDA there is nothing to complain of")
def test_a_missing_cuda_is_recognised() -> None:
    with pytest.raises((AssertionError, RuntimeError)) as raised:
        LOGITS.cuda()
    known = recognise(type(raised.value).__name__, str(raised.value))
    assert known is not None
    assert known.about == "no CUDA"


def test_every_kind_of_exception_is_raised_here() -> None:
    elsewhere = {"several devices", "no CUDA"}
    assert {about for _, about, _ in RAISED} | elsewhere == {known.about for known in KNOWN}


def test_an_exception_that_is_not_known_is_not_explained() -> None:
    assert explain("RuntimeError", "something else") == ""
    assert explain("KeyError", "Dimension out of range") == ""


@pytest.mark.parametrize("kind", ["call", "import"])
def test_the_simulated_accelerator_is_introduced_once(kind: str) -> None:
    said = "found at least two devices, sim:1 and sim:0!"
    for text in (f"Expected all tensors to be on the same device, but {said}", f"my own words, {said}"):
        problem = problem_from({"kind": kind, "type": "RuntimeError", "text": text, "file": "training.py", "line": 7})
        assert f"{said} (sim:1 is the grader's simulated accelerator.)" in str(problem)
        assert str(problem).count("simulated") == 1


def test_no_accelerator_is_introduced_where_none_is_spoken_of() -> None:
    problem = problem_from({"kind": "call", "type": "NameError", "text": "name 'sim' is not defined"})
    assert str(problem) == "NameError: name 'sim' is not defined"


def test_the_message_of_an_error_says_what_pytorch_said_and_what_it_means(tmp_path: Path) -> None:
    body = "row = logits.reshape(-1, logits.shape[-1])[:1]\nreturn row @ row"
    folder = write_submission(tmp_path, Answer("a product", "log_softmax.py", bodies={"log_softmax": body}).files())
    child = SharedChild()
    try:
        results = child.grade_checks(folder, checks=("log_softmax.works_on_the_last_dimension",))
    finally:
        child.close()
    (result,) = results.values()
    assert "cannot be multiplied" in result.message
    assert "In a matrix product the last dimension" in result.message
