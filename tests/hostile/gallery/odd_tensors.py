"""Tensors of kinds that a comparison may stumble over: each is an answer that is wrong, and no more than that."""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import (
    ATTENTION_VALUES,
    BATCH,
    COUNTED,
    LOG_SOFTMAX_VALUES,
    LOSS_VALUES,
    Hostile,
    Target,
    in_turn,
    side_by_side,
)

RIGHT = {
    LOG_SOFTMAX_VALUES: "answer = logits.log_softmax(-1)",
    LOSS_VALUES: "answer = F.cross_entropy(logits[:, -1], targets[:, -1])",
    COUNTED: "answer = torch.arange(tokens.shape[1])",
    ATTENTION_VALUES: "answer = self.out(x)",
}
TARGETS = in_turn(RIGHT)
NO_TENSOR = "is not a tensor"


def odd(
    name: str, answer: str, message: str, target: Target | None = None, outcome: Outcome = Outcome.FAILED
) -> Hostile:
    target = target or next(TARGETS)
    return Hostile(name, target, outcome, message, instead=f"import torch\n{RIGHT.get(target, '')}\nreturn {answer}")


ROWS = (
    odd("a sparse tensor", "answer.to_sparse()", NO_TENSOR),
    odd("a compressed sparse tensor", "answer.expand(2, 2).to_sparse_csr()", NO_TENSOR),
    odd("a complex tensor", "answer.to(torch.complex64)", NO_TENSOR),
    odd("a quantised tensor", "torch.quantize_per_tensor(answer.float(), 1.0, 0, torch.qint32)", NO_TENSOR),
    odd("a tensor of the meta device", "answer.to('meta')", NO_TENSOR),
    odd("a nested tensor", "torch.nested.nested_tensor([torch.zeros(1), torch.zeros(2)])", NO_TENSOR),
    odd("a tensor of an eight-bit float", "answer.to(torch.float8_e5m2)", NO_TENSOR),
    odd("a tensor of sixty dimensions", "answer.new_zeros([1] * 60)", "cannot be read", outcome=Outcome.ERROR),
    odd("a tensor whose memory was given back", "(answer, answer.untyped_storage().resize_(0))[0]", ".", COUNTED),
    odd("an expanded tensor", "answer[:1].expand(len(answer))", "The positions are not 0, 1", COUNTED),
    odd("an overlapping tensor", "answer.as_strided((len(answer),), (0,))", "The positions are not 0, 1", COUNTED),
    odd("an empty tensor with an endless dimension", "torch.empty(0, 1 << 39)", "wrong shape", LOG_SOFTMAX_VALUES),
    odd("a loss with a dimension too many", "answer[None]", "wrong shape", LOSS_VALUES),
    odd("a trillion numbers in one place", "answer.new_zeros(1).expand(10**12)", NO_TENSOR, LOG_SOFTMAX_VALUES),
    odd("the same tensor twice", "(batch[0].to(device),) * 2", "changed on the way|wrong dtype", BATCH),
)

ODD_TENSORS = side_by_side("odd tensors", ROWS)
