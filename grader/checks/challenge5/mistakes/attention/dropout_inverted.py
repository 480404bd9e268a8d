"""You turned dropout the wrong way round: on in evaluation, off in training.

You believed that self.training is True while the model is measured. It is True
after train() and False after eval(), so dropout has to be on where it is True.

Caught by: attention.follows_every_switch
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
        head_shape = (batch, time, self.n_heads, embed_dim // self.n_heads)
        q, k, v = (part.view(head_shape).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        dropout_p = 0.0 if self.training else self.dropout  # the mistake: the wrong way round
        heads = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return self.out(joined)
