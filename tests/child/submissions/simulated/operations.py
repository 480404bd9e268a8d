"""Things that learners do with tensors, each on the device that it is given, each answering with values.

Called in a worker on the CPU and on the simulated accelerator; the answers must be the same.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """A transformer block without dropout."""

    def __init__(self, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # [batch, heads, time, head_dim]
            for part in self.qkv(self.norm1(x)).split(C, dim=-1)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).contiguous().view(B, T, C))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(11, 8), nn.Embedding(6, 8)
        self.block, self.head = Block(), nn.Linear(8, 11, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1], device=tokens.device))
        return self.head(self.block(x))


def built(device: Any) -> tuple[Transformer, torch.Tensor]:
    torch.manual_seed(0)
    model, tokens = Transformer(), torch.randint(11, (3, 6))
    return model.to(device), tokens.to(device)


def some(device: Any, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1)).to(device)


def forward(device: Any) -> Any:
    model, tokens = built(device)
    return model(tokens)


def gradients(device: Any) -> Any:
    model, tokens = built(device)
    F.cross_entropy(model(tokens)[:, -1], tokens[:, 0]).backward()
    return [parameter.grad for parameter in model.parameters()]


def adamw(device: Any) -> Any:
    model, tokens = built(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, eps=1e-3)  # rounding noise must not become a step
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.nll_loss(F.log_softmax(model(tokens)[:, -1], dim=-1), tokens[:, 0])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses, [parameter.detach() for parameter in model.parameters()]


def sgd_with_momentum(device: Any) -> Any:
    model, tokens = built(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad(set_to_none=False)
        model(tokens).square().mean().backward()
        optimizer.step()
    return [parameter.detach() for parameter in model.parameters()]


def hand_written_attention(device: Any) -> Any:
    q = some(device, 2, 4, 3).requires_grad_()
    scores = q @ q.transpose(-2, -1) / math.sqrt(3)
    mask = torch.tril(torch.ones(4, 4, dtype=torch.bool, device=device))
    weights = scores.masked_fill(~mask, float("-inf")).softmax(-1)
    (weights @ q).sum().backward()
    return weights, q.grad


def dropout(device: Any) -> Any:
    torch.manual_seed(5)
    x = torch.ones(4, 8, device=device)
    return F.dropout(x, 0.5), nn.Dropout(0.3)(x), F.dropout(x, 0.5, training=False)


def embedding(device: Any) -> Any:
    layer = nn.Embedding(5, 3).to(device)
    nn.init.constant_(layer.weight, 2.0)
    layer(torch.tensor([[0, 4], [4, 1]], device=device)).sum().backward()
    return layer.weight.grad


def indexing(device: Any) -> Any:
    x = some(device, 3, 4, 5)
    rows = torch.tensor([0, 2], device=device)
    return (
        x[:, -1],
        x[..., None].shape,
        x[rows],
        x[rows.cpu()],
        x[[0, 2]],
        x[x > 0],
        x[torch.arange(3, device=device), rows[[0, 1, 0]]],
        x.gather(-1, torch.zeros(3, 4, 1, dtype=torch.long, device=device)),
        x.index_select(0, rows),
        x[1:, ::2, -3:],
    )


def assignment(device: Any) -> Any:
    x = torch.zeros(3, 4, device=device)
    x[0] = 1
    x[:, 1] = torch.arange(3.0, device=device)
    x[2, 2:] = torch.tensor([7.0, 8.0])  # a copy between devices, as on a GPU
    x[x > 6] = 0.5
    x[torch.tensor([1, 2], device=device), torch.tensor([3, 3], device=device)] = torch.tensor(9.0)
    return x


def in_place(device: Any) -> Any:
    x = torch.ones(2, 3, device=device)
    view = x.view(-1)
    x.add_(2).mul_(x).clamp_(max=8).div_(2)
    view[0] = 100
    x += 1
    x -= torch.tensor(1.0)
    y = torch.empty(2, 3, device=device).copy_(x)
    z = torch.empty(2, 3).copy_(x)
    y.zero_()[0].fill_(3)
    return x, view, y, z


def in_place_shape(device: Any) -> Any:
    x = some(device, 2, 3)
    x.unsqueeze_(0)
    x.squeeze_()
    x.t_()
    return x, x.shape == (3, 2), x.sum(0)


def joining(device: Any) -> Any:
    x, y = some(device, 2, 3), torch.zeros(2, 3, device=device)
    return (
        torch.cat((x, y)),
        torch.stack([x, y], dim=1),
        torch.where(x > 0, x, y),
        torch.where(x > 0, x, 0.0),
        [*x.chunk(3, dim=1)],
        [*x.unbind()],
        torch.cat([x, y], out=torch.empty(4, 3, device=device)),
    )


def making(device: Any) -> Any:
    torch.manual_seed(0)
    like = torch.zeros(2, device=device)
    return (
        torch.tensor([[1, 2], [3, 4]], device=device),
        torch.tensor(2.5, device=device, dtype=torch.float64),
        torch.as_tensor([1.0], device=device),
        torch.zeros(2, device=device),
        torch.ones_like(like),
        torch.full((2,), 7, device=device),
        torch.arange(2, 8, 2, device=device),
        torch.linspace(0, 1, 3, device=device),
        torch.eye(2, device=device),
        torch.rand(2, device=device),
        torch.randn(2, device=device),
        torch.randint(5, (2,), device=device),
        torch.randperm(4, device=device),
        torch.empty(2, device=device).uniform_(),
        torch.empty(2, device=device).normal_(),
        torch.rand_like(like),
        like.new_zeros(3),
        like.new_ones(3),
        like.new_full((2,), 3.0),
        like.new_tensor([1.0, 2.0]),
        torch.zeros_like(torch.ones(2), device=device),
        torch.bernoulli(torch.full((4,), 0.5, device=device)),
    )


def a_leaf_made_in_place(device: Any) -> Any:
    x = torch.tensor([1.0, 2.0], device=device, requires_grad=True)
    (x * x).sum().backward()
    return x.is_leaf, x.grad


def reading(device: Any) -> Any:
    x = torch.tensor([[1.5, -2.0]], device=device)
    one = torch.tensor(0.25, device=device)
    return (
        x.tolist(),
        one.item(),
        float(one),
        int(torch.tensor(3, device=device)),
        bool(one > 0),
        f"{one:.2f}",
        f"{one.item():.3f}",
        [float(value) for value in x[0]],
        len(x),
        x.numel(),
        x.cpu().numpy().tolist(),
        x.numpy(force=True).tolist(),
        x.dtype,
        x.is_contiguous(),
        list(x.stride()),
        torch.equal(x, x.clone()),
        torch.allclose(x, x + 1e-9),
        torch.isfinite(x).all().item(),
        x.max(dim=-1).indices.tolist(),
        [index for index, _ in enumerate(x)],
        x.element_size(),
    )


def ordering(device: Any) -> Any:
    x = some(device, 3, 5)
    torch.manual_seed(0)
    return (
        x.sort(),
        x.topk(2).values,
        x.argmax(-1),
        x.max(),
        x.median(),
        torch.multinomial(x.softmax(-1), 2),
        x.cumsum(0),
        x.logsumexp(-1),
        x.std(),
        x.norm(),
        x.var(dim=-1, unbiased=False),
    )


def matrix_products(device: Any) -> Any:
    x, y = some(device, 2, 3, 4), some(device, 2, 4, 3)
    return (
        x @ y,
        torch.bmm(x, y),
        torch.einsum("bij,bjk->bik", x, y),
        x[0].mm(y[0]),
        x.permute(2, 0, 1).reshape(4, -1),
        F.linear(x, y[0].T),
        torch.addmm(x[0] @ y[0], x[0], y[0]),
        x.flatten(1),
        x.expand(2, 2, 3, 4).sum(0),
        x.repeat(1, 2, 1),
    )


def losses(device: Any) -> Any:
    logits, targets = some(device, 4, 5), torch.tensor([0, 1, 4, 2], device=device)
    return (
        F.cross_entropy(logits, targets),
        F.nll_loss(logits.log_softmax(-1), targets, reduction="none"),
        nn.NLLLoss(reduction="sum")(torch.log_softmax(logits, -1), targets),
        -logits.log_softmax(-1).gather(-1, targets[:, None]).mean(),
        F.mse_loss(logits, torch.zeros_like(logits)),
        F.one_hot(targets, 5),
        F.cross_entropy(logits, targets, ignore_index=4, label_smoothing=0.1),
    )


def graph_across_devices(device: Any) -> Any:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    moved = x.to(device) * 2
    (moved.cpu() * x + moved.square().to("cpu")).sum().backward()
    return x.grad


def autograd(device: Any) -> Any:
    x = some(device, 3).requires_grad_()
    y = (x**3).sum()
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    with torch.no_grad():
        plain = x * 2
    with torch.inference_mode():
        inferred = x * 2
    hooked: list[float] = []
    z = x * 1
    z.register_hook(lambda gradient: hooked.append(gradient.sum().item()))
    z.retain_grad()
    z.sum().backward()
    return first, second, plain.requires_grad, inferred.requires_grad, x.detach().requires_grad, hooked, z.grad, x.grad


def copies(device: Any) -> Any:
    x = some(device, 2, 2)
    module = nn.Linear(2, 2).to(device)
    nn.init.ones_(module.weight)
    twin = copy.deepcopy(module)
    with torch.no_grad():
        module.weight.zero_()
    clone = x.clone()
    clone += 1
    detached = x.detach()
    detached[0, 0] = 9.0
    return twin.weight.device == module.weight.device, twin.weight, clone - x, x, copy.deepcopy(x), x.data


def states(device: Any) -> Any:
    model, _ = built(device)
    other = Transformer().to(device)
    other.load_state_dict(model.state_dict())
    on_cpu = Transformer()
    on_cpu.load_state_dict(model.state_dict())
    back = model.to("cpu")
    devices = {str(parameter.device) for parameter in back.parameters()}
    same = [torch.equal(a.cpu(), b.cpu()) for a, b in zip(other.parameters(), on_cpu.parameters(), strict=True)]
    return devices, all(same), back.head.weight is back.tokens.weight, other.to(torch.float64).head.weight.dtype


def conversions(device: Any) -> Any:
    x = some(device, 2, 2)
    return (
        x.double(),
        x.to(torch.bfloat16),
        x.half().float(),
        x.long(),
        x.to(device, torch.float64),
        x.to(x),
        x.to(device) is x,
        x.to("cpu", non_blocking=True),
        x.type_as(torch.zeros(1, device=device, dtype=torch.float64)),
        x.bool(),
    )


def several_dtypes(device: Any) -> Any:
    return [torch.ones(2, dtype=dtype, device=device).cumsum(0) for dtype in (torch.int32, torch.int64, torch.float64)]


def buffers(device: Any) -> Any:
    module = nn.Module()
    module.register_buffer("mask", torch.tril(torch.ones(3, 3)))
    module.to(device)
    return module.mask, module.mask.device == torch.zeros(1, device=device).device


def zero_dimensional_cpu_tensors_join_in(device: Any) -> Any:
    x = some(device, 3)
    return x * torch.tensor(2.0), torch.tensor(1.0) - x, torch.where(x > 0, x, torch.tensor(0.0)), x / torch.tensor(3)
