"""You scaled the weights down in evaluation mode, not up while training.

You believed that dropout makes up for the dropped weights when it is off; the
first article on it did so (Srivastava and others, 2014). PyTorch and this
lesson do it while training: what is kept grows by 1/(1 - p), and evaluation
mode leaves everything as it is.

Caught by: attention.eval_mode_has_no_dropout
Hint: 2
"""

import math

import torch
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no position looks at a later one."""

    def __init__(self, embed_dim: int, n_heads: int, dropout: float) -> None:
        """Create the two projections."""
        super().__init__()
        self.n_heads = n_heads
        self.dropout = dropout
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.out = nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, time, embed_dim]` to the same shape."""
        batch, time, embed_dim = x.shape
        head_shape = (batch, time, self.n_heads, embed_dim // self.n_heads)
        q, k, v = (part.view(head_shape).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # [batch, n_heads, time, time]
        future = torch.ones(time, time, dtype=torch.bool, device=x.device).triu(1)
        weights = scores.masked_fill(future, -math.inf).softmax(dim=-1)
        if self.training:
            weights = weights * (torch.rand_like(weights) >= self.dropout)
        else:
            weights = weights * (1 - self.dropout)  # the mistake
        heads = weights @ v
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return self.out(joined)
