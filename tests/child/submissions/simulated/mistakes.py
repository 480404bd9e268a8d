"""Device mistakes, each of which must fail on the simulated accelerator as it does on a GPU."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn


def adding(device: Any) -> Any:
    return torch.ones(2, device=device) + torch.ones(2)


def adding_the_other_way_round(device: Any) -> Any:
    return torch.ones(2) + torch.ones(2, device=device)


def adding_in_place(device: Any) -> Any:
    x = torch.ones(2)
    x += torch.ones(2, device=device)
    return x


def linear(device: Any) -> Any:
    return nn.Linear(2, 2).to(device)(torch.ones(1, 2))


def linear_left_behind(device: Any) -> Any:
    return nn.Linear(2, 2)(torch.ones(1, 2, device=device))


def embedding(device: Any) -> Any:
    return nn.Embedding(3, 2).to(device)(torch.tensor([0, 1]))


def embedding_left_behind(device: Any) -> Any:
    return nn.Embedding(3, 2)(torch.tensor([0, 1], device=device))


def positions(device: Any) -> Any:
    return torch.ones(1, 3, 2, device=device) + nn.Embedding(3, 2)(torch.arange(3))


def targets(device: Any) -> Any:
    return F.cross_entropy(torch.ones(2, 3, device=device), torch.tensor([0, 1]))


def joining(device: Any) -> Any:
    return torch.cat((torch.ones(2, device=device), torch.ones(2)))


def choosing(device: Any) -> Any:
    return torch.where(torch.tensor([True, False]), torch.ones(2, device=device), torch.zeros(2, device=device))


def mask(device: Any) -> Any:
    return torch.ones(2, 2, device=device).masked_fill(torch.ones(2, 2).tril() == 0, 0.0)


def gathering(device: Any) -> Any:
    return torch.ones(2, 3, device=device).gather(1, torch.tensor([[0], [1]]))


def values_of_an_assignment(device: Any) -> Any:
    x = torch.zeros(3, device=device)
    x[torch.tensor([0, 2], device=device)] = torch.tensor([1.0, 2.0])
    return x


def attention(device: Any) -> Any:
    q = torch.ones(1, 1, 2, 2, device=device)
    return F.scaled_dot_product_attention(q, q, torch.ones(1, 1, 2, 2))


def gradient_of_the_wrong_place(device: Any) -> Any:
    weight = nn.Parameter(torch.ones(2, device=device))
    weight.grad = torch.ones(2)
    return weight


def index_of_a_cpu_tensor(device: Any) -> Any:
    return torch.ones(3)[torch.tensor([0, 1], device=device)]


def numpy(device: Any) -> Any:
    return torch.ones(3, device=device).numpy()


def array(device: Any) -> Any:
    import numpy as np

    return np.asarray(torch.ones(3, device=device))


def total_that_begins_on_the_cpu(device: Any) -> Any:
    total = torch.tensor(0.0)
    total += torch.ones((), device=device)
    return total.item()
