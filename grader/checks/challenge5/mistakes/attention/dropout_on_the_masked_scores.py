"""You dropped scores that were masked, before the softmax; the output is NaN.

You believed that the scores are what attention drops. A dropped score is
multiplied with 0, and 0 times the minus infinity of the mask is NaN; and the
softmax would give a weight above zero to a dropped score of 0.

Caught by: attention.bears_extremes
Hint: 3
"""

import math

import torch
import torch.nn.functional as F
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
        scores = scores.masked_fill(future, -math.inf)
        weights = F.dropout(scores, self.dropout, self.training).softmax(dim=-1)  # the mistake
        heads = weights @ v
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return self.out(joined)
