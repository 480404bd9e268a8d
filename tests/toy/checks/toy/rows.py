"""What the toy's checks draw and what they compare with; both in the parent."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

TOLERANCE = 1e-5  # sums of up to five values of size up to 4, in float32


@st.composite
def tables(draw: st.DrawFn) -> Tensor:
    """Values `[rows, columns]`: whole and half numbers from -4 to 4. Only the shape and a seed are drawn."""
    shape = (draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32 - 1)))
    return torch.randint(-8, 9, shape, generator=generator) / 2


def means(values: Tensor) -> Tensor:
    """Return the mean of each row in float64: the plain definition."""
    wide = values.double()
    return torch.stack([sum(row) / len(row) for row in wide])  # [rows]
