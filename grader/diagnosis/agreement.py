"""Says whether two replies to the same question are the same, but for rounding.

Two ways to write the same mistake differ by a few roundings; a mistake and the right answer must not look alike. So a
difference counts from a few roundings of the largest number in play, which is less than the checks allow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from grader.diagnosis.recording import Reply, Request
from grader.diagnosis.torch_errors import recognise
from grader.wire import WireOpaque, WireTensor

ROUNDINGS = 16  # of the largest number in play; the checks allow about 100
DIGEST_LENGTH = 64  # of a random generator's state, as hexadecimal digits
# What a module holds besides the weights that it was given, such as a mask, is the learner's own affair.
BY_NAME = ("state", "gradients", "modes")


class Agreement:
    """Compares what others answer to some requests with one answer to them."""

    def __init__(self, requests: list[Request], reply: Reply) -> None:
        self.reply = reply
        self.by_name = requests[-1]["do"] in BY_NAME
        self.names = _names_in(requests)
        self.largest = _largest([requests, reply])

    def holds(self, reply: Reply) -> bool:
        """True if this reply is the same, but for rounding."""
        if "answer" not in self.reply or "answer" not in reply:
            return _same_problem(self.reply.get("problem"), reply.get("problem"))
        mine, theirs = self.reply["answer"], reply["answer"]
        if self.by_name and isinstance(mine, dict) and isinstance(theirs, dict):
            return self._same_by_name(mine, theirs)
        return self._same(mine, theirs)

    def _same_by_name(self, mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
        common = mine.keys() & theirs.keys()
        one_sided = (mine.keys() | theirs.keys()) - common
        if not common and one_sided:
            return False
        return not one_sided & self.names and all(self._same(mine[name], theirs[name]) for name in common)

    def _same(self, mine: Any, theirs: Any) -> bool:
        if type(mine) is not type(theirs):
            return False
        if isinstance(mine, WireTensor):
            return self._same_tensor(mine, theirs)
        if isinstance(mine, float):
            return self._close(torch.tensor(mine, dtype=torch.float32), torch.tensor(theirs, dtype=torch.float32))
        if isinstance(mine, WireOpaque):
            return bool(mine.type_name == theirs.type_name)  # how it prints may hold an address
        if isinstance(mine, dict):
            return mine.keys() == theirs.keys() and all(self._same(mine[name], theirs[name]) for name in mine)
        if isinstance(mine, list | tuple):
            return len(mine) == len(theirs) and all(map(self._same, mine, theirs))
        return bool(mine == theirs)

    def _same_tensor(self, mine: WireTensor, theirs: WireTensor) -> bool:
        one, other = mine.values, theirs.values
        if (mine.device, mine.requires_grad, one.dtype, one.shape) != (
            theirs.device, theirs.requires_grad, other.dtype, other.shape,
        ):  # fmt: skip
            return False
        return self._close(one, other) if one.is_floating_point() else bool(torch.equal(one, other))

    def _close(self, one: torch.Tensor, other: torch.Tensor) -> bool:
        tolerance = ROUNDINGS * torch.finfo(one.dtype).eps * max(self.largest, _largest(other))
        return torch.allclose(one.double(), other.double(), rtol=0.0, atol=tolerance, equal_nan=True)


class Digests:
    """Writes states of random generators as the number of their first appearance: only which are equal matters."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def out_of(self, reply: Reply) -> Reply:
        """Return the reply without them. It must be the next one of its example."""
        return {**reply, "answer": self._numbered(reply["answer"])} if "answer" in reply else reply

    def _numbered(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) == DIGEST_LENGTH:
            return self.numbers.setdefault(value, len(self.numbers))
        if isinstance(value, list):
            return [self._numbered(item) for item in value]
        return value


def _same_problem(mine: Any, theirs: Any) -> bool:
    """True for the same kind of problem and error; what PyTorch complains about must be the same as well."""
    if not isinstance(mine, dict) or not isinstance(theirs, dict):
        return False
    if any(mine.get(fact) != theirs.get(fact) for fact in ("kind", "type", "todo")):
        return False
    known = [recognise(str(problem.get("type")), str(problem.get("text"))) for problem in (mine, theirs)]
    return known[0] == known[1]


def _largest(value: Any) -> float:
    """Return the size of the largest finite number in the floating-point tensors of a message, at least 1."""
    found = [1.0]
    for tensor in tensors_in(value):
        if tensor.is_floating_point() and tensor.numel():
            found.append(float(tensor.double().nan_to_num(0.0, 0.0, 0.0).abs().max()))
    return max(found)


def _names_in(value: Any) -> set[str]:
    """Find the names of weights in a request: the keys of whatever holds tensors by name."""
    if isinstance(value, dict):
        own = {
            name
            for name, item in value.items()
            if isinstance(name, str) and isinstance(item, torch.Tensor | WireTensor)
        }
        return own.union(*(_names_in(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(_names_in(item) for item in value))
    return set()


def tensors_in(value: Any) -> Iterator[torch.Tensor]:
    """Find the tensors in a message, however deep."""
    if isinstance(value, WireTensor):
        yield value.values
    elif isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)
