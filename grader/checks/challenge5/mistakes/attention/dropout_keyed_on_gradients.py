"""You switched dropout with the gradients instead of the mode.

You believed that gradients are on exactly while the model is training. They
are two switches: a model in training mode drops weights inside no_grad() too,
and one in evaluation mode drops none although gradients are on.

Caught by: attention.follows_every_switch
Hint: 2
"""

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
        dropout_p = self.dropout if torch.is_grad_enabled() else 0.0  # the mistake: not the mode
        heads = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return self.out(joined)
