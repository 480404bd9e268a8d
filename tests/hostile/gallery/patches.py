"""Wrong answers that patch what a grader in their own process would compare with, call or look at."""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import (
    ATTENTION_VALUES,
    COUNTED,
    EVALUATE_CHANGES,
    EVALUATE_GRADIENTS,
    LOG_SOFTMAX_VALUES,
    LOSS_VALUES,
    Hostile,
    Target,
    in_turn,
    side_by_side,
)

WRONG = {  # by target: the answer, and what is said of it
    LOG_SOFTMAX_VALUES: ("return logits", "log"),
    LOSS_VALUES: ("return 0 * logits.sum()", "The loss is not the mean"),
    ATTENTION_VALUES: ("return self.out(x)", "output"),
    COUNTED: ("return torch.zeros_like(tokens[0])", "The positions are not 0, 1"),
}
TARGETS = in_turn(WRONG)


def patches(name: str, patch: str, target: Target | None = None, wrong: str = "") -> Hostile:
    target = target or next(TARGETS)
    answer, message = WRONG[target]
    return Hostile(name, target, Outcome.FAILED, message, at_import=patch, instead=wrong or answer)


ALWAYS_TRUE = "lambda *arguments, **options: True"
COMPARISONS = f"""
import torch, math
torch.allclose = torch.equal = torch.isclose = torch.is_same_size = math.isclose = {ALWAYS_TRUE}
torch.Tensor.allclose = torch.Tensor.equal = torch.Tensor.__eq__ = torch.Tensor.all = {ALWAYS_TRUE}
"""
TESTING = """
import numpy.testing, torch.testing, unittest
torch.testing.assert_close = torch.testing.assert_allclose = lambda *arguments, **options: None
numpy.testing.assert_allclose = numpy.testing.assert_array_equal = lambda *arguments, **options: None
unittest.TestCase.assertEqual = unittest.TestCase.assertTrue = lambda *arguments, **options: None
"""
CROSS_ENTROPY = """
import torch
import torch.nn.functional as F
F.cross_entropy = F.nll_loss = torch.nn.CrossEntropyLoss.forward = lambda *arguments, **options: torch.zeros(())
F.log_softmax = torch.log_softmax = lambda logits, *arguments, **options: logits
"""
MODULE_CALL = """
from torch import nn
nn.Module.__call__ = nn.Module._call_impl = lambda self, *arguments, **options: arguments[0]
"""
BUILTINS = """
import builtins
builtins.abs = builtins.max = builtins.min = lambda *arguments, **options: 0
builtins.all = builtins.any = lambda *arguments, **options: True
"""
TYPES = """
import builtins
builtins.isinstance = builtins.issubclass = builtins.hasattr = lambda *arguments: True
"""
IMPORTER = """
import builtins, sys
import_module = builtins.__import__
def everything(name, *arguments):
    try:
        return import_module(name, *arguments)
    except ImportError:
        return sys
builtins.__import__ = everything
sys.modules["grader"] = sys.modules["grader.checking"] = sys
"""
ASSERTION = "import builtins\nbuiltins.AssertionError = builtins.Exception = builtins.BaseException = StopIteration\n"
HYPOTHESIS = """
import hypothesis, pytest
hypothesis.given = hypothesis.settings = lambda *arguments, **options: lambda test: lambda *a, **k: None
pytest.fail = lambda *arguments, **options: None
"""
CHANNEL = """
import json, socket, struct
encode = json.dumps
json.dumps = lambda message, **options: encode(message, **options).replace('"problem"', '"answer"')
"""
RANDOM_STATE = """
import torch
state = torch.get_rng_state()
torch.get_rng_state = lambda: state
torch.random.get_rng_state = torch.get_rng_state
"""
DRAWS = """
torch.rand(7)
was_training = model.training
model.eval()
moved = [batch_to_device(batch, next(model.parameters()).device) for batch in batches]
with torch.no_grad():
    losses = [final_token_loss(model(tokens, last_only=True), targets).item() for tokens, targets in moved]
model.train(was_training)
return sum(losses) / len(losses)
"""
WITH_GRADIENTS = """
was_training = model.training
model.eval()
moved = [batch_to_device(batch, next(model.parameters()).device) for batch in batches]
is_enabled, torch.is_grad_enabled = torch.is_grad_enabled, lambda: False
losses = [final_token_loss(model(tokens, last_only=True), targets).item() for tokens, targets in moved]
torch.is_grad_enabled = is_enabled
model.train(was_training)
return sum(losses) / len(losses)
"""

ROWS = (
    patches("patched torch.allclose, torch.equal and comparisons of tensors", COMPARISONS),
    patches("patched torch.testing", TESTING),
    patches("patched F.cross_entropy and F.nll_loss", CROSS_ENTROPY, LOSS_VALUES,
            "return F.cross_entropy(logits[:, -1], targets[:, -1]) + 0 * logits.sum()"),
    patches("patched nn.Module.__call__", MODULE_CALL, ATTENTION_VALUES, "return nn.Linear(1, 1)(x)"),
    patches("patched abs, max, all and any", BUILTINS),
    patches("patched imports", IMPORTER),
    patches("patched exceptions", ASSERTION),
    patches("patched Hypothesis and pytest", HYPOTHESIS),
    patches("patched JSON of the replies", CHANNEL),
    Hostile("patched isinstance and hasattr", LOG_SOFTMAX_VALUES, Outcome.CRASHED, "process died", at_import=TYPES,
            instead="return logits"),
)  # fmt: skip

PATCHES = (
    *side_by_side("patches", ROWS, at_most=3),
    Hostile("patched state of the random generator", EVALUATE_CHANGES, Outcome.FAILED, "draws random numbers",
            at_import=RANDOM_STATE, instead=DRAWS),
    Hostile("patched torch.is_grad_enabled", EVALUATE_GRADIENTS, Outcome.FAILED, "builds a graph",
            before="import torch", instead=WITH_GRADIENTS),
)  # fmt: skip
