"""Step 4: causal self-attention, with dropout only while training."""

import torch.nn.functional as F
from torch import Tensor, nn


class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no position looks at a later one."""

    def __init__(self, embed_dim: int, n_heads: int, dropout: float) -> None:
        """Create the two projections; this part is given, and you may add to it.

        Args:
            embed_dim: width of the embeddings, a multiple of `n_heads`.
            n_heads: number of heads, each `embed_dim // n_heads` wide.
            dropout: probability with which an attention weight is dropped while training, from 0 to below 1.
        """
        super().__init__()
        if embed_dim % n_heads != 0:
            raise ValueError(f"embed_dim {embed_dim} is not a multiple of n_heads {n_heads}")
        self.n_heads = n_heads
        self.dropout = dropout
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)  # queries, keys and values, in this order
        self.out = nn.Linear(embed_dim, embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        """Let every position gather from itself and the positions before it.

        For each head of width d, with A = softmax(Q K^T / sqrt(d)) over the positions up to each query's own, the
        head's result is dropout(A) V. The heads' results side by side go through `out`.

        Dropout acts on the attention weights A, at rate `self.dropout`, and only while `self.training` is True.
        `F.scaled_dot_product_attention` takes the rate as `dropout_p` and never looks at the mode by itself. All else,
        gradients too, is the same in both modes.

        Args:
            x: `[batch, time, embed_dim]`, on the device of the module's weights.

        Returns:
            `[batch, time, embed_dim]`, on the same device.
        """
        # ---- your code: begin ----
        batch, time, embed_dim = x.shape
        head_shape = (batch, time, self.n_heads, embed_dim // self.n_heads)
        q, k, v = (
            part.view(head_shape).transpose(1, 2)  # [batch, n_heads, time, head_dim]
            for part in self.qkv(x).chunk(3, dim=-1)  # [batch, time, embed_dim] each
        )
        dropout_p = self.dropout if self.training else 0.0
        heads = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout_p, is_causal=True)
        joined = heads.transpose(1, 2).reshape(batch, time, embed_dim)
        return self.out(joined)
        # ---- your code: end ----
