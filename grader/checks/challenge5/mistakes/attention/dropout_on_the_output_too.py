"""You dropped entries of the output as well; the block does that already.

You believed that attention needs two dropouts, as it has them in many a GPT.
In Model 5 the second one is not yours: the block drops what comes out of your
module, which would be dropped twice.

Caught by: attention.dropped_or_scaled
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
        heads = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return F.dropout(self.out(joined), dropout_p)  # the mistake: here as well
