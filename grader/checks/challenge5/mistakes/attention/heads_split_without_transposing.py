"""You cut the heads out of time instead of out of the width.

You believed that view() can put the heads before the time. It never moves a
number, so each head gets some of the positions with the whole width; split the
width first and then exchange the two dimensions.

Caught by: attention.several_heads
Hint: 2
"""

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
        head_shape = (batch, self.n_heads, time, embed_dim // self.n_heads)
        q, k, v = (part.reshape(head_shape) for part in self.qkv(x).chunk(3, dim=-1))  # the mistake
        dropout_p = self.dropout if self.training else 0.0
        heads = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)
        joined = heads.reshape(batch, time, embed_dim)
        return self.out(joined)
