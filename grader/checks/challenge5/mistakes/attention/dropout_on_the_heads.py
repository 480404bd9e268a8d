"""You dropped entries of what the heads give, not attention weights.

You believed that it is all one whether dropout acts before or after the
weights meet the values. Dropping a weight hides a whole position from another
one; dropping entries of the weighted sum hides none, only a part of all of
them.

Caught by: attention.dropout_acts_on_the_weights
Hint: 3
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
        head_shape = (batch, time, self.n_heads, embed_dim // self.n_heads)
        q, k, v = (part.view(head_shape).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        dropout_p = self.dropout if self.training else 0.0
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        heads = F.dropout(heads, dropout_p)  # the mistake: not on the weights
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return self.out(joined)
