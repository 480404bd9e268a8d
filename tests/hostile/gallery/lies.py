"""Objects and tensors that lie about equality, class, shape, device, graph or value."""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import (
    ATTENTION_VALUES,
    BATCH_DEVICE,
    COUNTED,
    LOG_SOFTMAX_VALUES,
    LOSS_GRAPH,
    LOSS_VALUES,
    Hostile,
    Target,
    in_turn,
    side_by_side,
)

ANY = in_turn((LOG_SOFTMAX_VALUES, ATTENTION_VALUES, LOSS_VALUES))
NOT_COUNTED = "The positions are not 0, 1"
NO_TENSOR = "is not a tensor"


def lies(name: str, answer: str, message: str, *, classes: str = "", target: Target = COUNTED) -> Hostile:
    return Hostile(name, target, Outcome.FAILED, message, at_import=classes, instead=answer)


EQUAL = """
class Equal:
    __eq__ = __le__ = __ge__ = __bool__ = lambda self, *other: True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __hash__ = lambda self: 0
    __float__ = lambda self: 0.0
    __getattr__ = __call__ = __getitem__ = __add__ = __sub__ = lambda self, *arguments: self
    __iter__ = lambda self: iter(())
    __len__ = lambda self: 0
"""
CLASS = """
import torch
class Tensorial:
    __class__ = torch.Tensor
    shape, dtype, device, layout, requires_grad = (3,), torch.int64, torch.device("cpu"), torch.strided, False
    detach = cpu = contiguous = lambda self: self
"""
SUBCLASS = """
import torch
class Liar(torch.Tensor):
    shape = property(lambda self: torch.Size([len(self) - 1]))
    size = lambda self, *dimension: len(self) - 1
    tolist = numpy = lambda self: list(range(len(self)))
    __eq__ = __bool__ = lambda self, *other: True
    __hash__ = torch.Tensor.__hash__
    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        result = super().__torch_function__(function, types, arguments, options or {})
        return True if result is False else result
"""
DEVICE = """
import torch
class Elsewhere(torch.Tensor):
    device = property(lambda self: torch.device("sim:0"))
"""
GRAPH = """
import torch
class Graph(torch.Tensor):
    requires_grad = property(lambda self: True)
    grad_fn = property(lambda self: object())
"""
TORCH_TENSOR = """
import torch
torch.Tensor.requires_grad = property(lambda self: True)
"""
REPR = """
class Passed:
    __repr__ = __str__ = lambda self: '{"outcome": "passed"}'
    __module__, __qualname__ = "torch", "Tensor"
Passed.__name__ = "Tensor"
"""

ROWS = (
    lies("an object that equals everything", "return Equal()", NO_TENSOR, classes=EQUAL, target=next(ANY)),
    lies("an object that claims to be a tensor", "return Tensorial()", NO_TENSOR, classes=CLASS, target=next(ANY)),
    lies("an object that is called a tensor and reads as passed", "return Passed()", NO_TENSOR, classes=REPR,
         target=next(ANY)),
    lies("a tensor that lies about equality and values",
         "return torch.zeros(tokens.shape[1] + 1, dtype=torch.int64).as_subclass(Liar)[:-1]", NOT_COUNTED,
         classes=SUBCLASS),
    lies("a tensor that lies about its shape",
         "return torch.arange(tokens.shape[1] + 1).as_subclass(Liar)", "wrong shape", classes=SUBCLASS),
    lies("a tensor that lies about its device", "return tuple(part.as_subclass(Elsewhere) for part in batch)",
         "wrong device", classes=DEVICE, target=BATCH_DEVICE),
    lies("a tensor that lies about its graph",
         "return F.cross_entropy(logits[:, -1], targets[:, -1]).detach().as_subclass(Graph)", "carries no graph",
         classes=GRAPH, target=LOSS_GRAPH),
    lies("every tensor is said to have a graph",
         "return F.cross_entropy(logits[:, -1], targets[:, -1]).detach()", "carries no graph",
         classes=TORCH_TENSOR, target=LOSS_GRAPH),
    lies("a list in place of a tensor", "return [0, 1, 2]", NO_TENSOR, target=next(ANY)),
    lies("a function in place of an answer", "return lambda *arguments: True", NO_TENSOR, target=next(ANY)),
    lies("a loss that is not a number", "return 0 * logits.sum() + float('nan')", "NaN or infinity",
         target=LOSS_VALUES),
)  # fmt: skip

LIES = side_by_side("lies", ROWS)
