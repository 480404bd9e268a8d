"""Model 5: a small GPT with dropout. Given: it is built from your `attention.py` and `devices.py`.

A pre-norm transformer decoder as in GPT-2 (Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"),
with the head tied to the token embedding (Press and Wolf 2017, "Using the Output Embedding to Improve Language
Models") and the logits divided by sqrt(embed_dim).
"""

import math

import torch
from attention import CausalSelfAttention
from devices import position_ids
from torch import Tensor, nn


class Block(nn.Module):
    """One layer: x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, embed_dim: int, n_heads: int, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(embed_dim)
        self.attention = CausalSelfAttention(embed_dim, n_heads, dropout)
        self.attention_dropout = nn.Dropout(dropout)
        self.mlp_norm = nn.LayerNorm(embed_dim)
        self.mlp = nn.Sequential(
            nn.Linear(embed_dim, 4 * embed_dim),
            nn.GELU(),
            nn.Linear(4 * embed_dim, embed_dim),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, time, embed_dim]` to the same shape."""
        x = x + self.attention_dropout(self.attention(self.attention_norm(x)))
        return x + self.mlp(self.mlp_norm(x))


class Model5(nn.Module):
    """A decoder-only transformer that predicts the next token at every position."""

    def __init__(
        self, vocab_size: int, embed_dim: int, n_heads: int, n_blocks: int, max_len: int, dropout: float
    ) -> None:
        """Create the model with fresh weights from PyTorch's global random generator.

        Args:
            vocab_size: number of distinct tokens.
            embed_dim: width of the embeddings, a multiple of `n_heads`.
            n_heads: attention heads in each block.
            n_blocks: number of blocks.
            max_len: largest number of tokens in a sequence.
            dropout: probability of every dropout in the model, from 0 to below 1.
        """
        super().__init__()
        self.max_len = max_len
        self.token_embedding = nn.Embedding(vocab_size, embed_dim)
        self.position_embedding = nn.Embedding(max_len, embed_dim)
        self.embedding_dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(embed_dim, n_heads, dropout) for _ in range(n_blocks))
        self.final_norm = nn.LayerNorm(embed_dim)

    def forward(self, tokens: Tensor, *, last_only: bool = False) -> Tensor:
        """Return logits for the token after each position.

        Args:
            tokens: `[batch, time]`, int64, time at most `max_len`, on the model's device.
            last_only: project the last position only. All that the final-token loss needs, at 1/time of the cost of
                the head, which is most of the cost of a small model with a large vocabulary.

        Returns:
            `[batch, time, vocab]`, or `[batch, 1, vocab]` with `last_only`.
        """
        x = self.token_embedding(tokens) + self.position_embedding(position_ids(tokens))  # [batch, time, embed_dim]
        x = self.embedding_dropout(x)
        for block in self.blocks:
            x = block(x)
        if last_only:
            x = x[:, -1:]  # [batch, 1, embed_dim]
        x = self.final_norm(x)
        # Embeddings start with entries of size 1, so that a dot product of two of them is about sqrt(embed_dim).
        return x @ self.token_embedding.weight.T / math.sqrt(x.shape[-1])  # [batch, time or 1, vocab]

    @torch.no_grad()
    def generate(self, tokens: Tensor, max_new_tokens: int, temperature: float = 1.0) -> Tensor:
        """Continue each sequence, one sampled token after the other, in evaluation mode.

        Args:
            tokens: `[batch, time]`, int64, on the model's device, time at least 1.
            max_new_tokens: how many tokens to add.
            temperature: above 1 more surprising, below 1 more predictable; above 0.

        Returns:
            `[batch, time + max_new_tokens]`, int64: the given tokens and the new ones.
        """
        was_training = self.training
        self.eval()
        for _ in range(max_new_tokens):
            logits = self(tokens[:, -self.max_len :], last_only=True)[:, -1]  # [batch, vocab]
            probabilities = torch.softmax(logits / temperature, dim=-1)
            tokens = torch.cat((tokens, torch.multinomial(probabilities, num_samples=1)), dim=1)
        self.train(was_training)
        return tokens
