"""The first calls of PyTorch's operations, made once in the nursery.

The first call of an operation takes some milliseconds longer than later ones, and each worker would pay for it again.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


@torch.no_grad()  # a backward pass starts threads, which a fork does not have
def make_first_calls() -> None:
    """Run small tensors through the operations that language models, and losses, are made of."""
    tokens = torch.randint(3, (2, 3))
    x = torch.nn.Embedding(3, 8)(tokens) + torch.arange(3)[None, :, None]
    x = torch.nn.Linear(8, 8)(torch.nn.LayerNorm(8)(x)).view(2, 3, 2, 4).transpose(1, 2)
    for dropout in (0.0, 0.5):
        x = F.scaled_dot_product_attention(x, x, x, dropout_p=dropout, is_causal=True)
    x = F.dropout(F.gelu(x.transpose(1, 2).reshape(2, 3, 8)))
    logits = x.masked_fill(x > 100, -torch.inf) @ x.mT / 2
    for value in (torch.softmax(logits, -1), torch.log(torch.exp(logits - logits.amax(-1, keepdim=True)).sum(-1))):
        value.mean().item()
    F.cross_entropy(logits[:, -1], tokens[:, -1])
