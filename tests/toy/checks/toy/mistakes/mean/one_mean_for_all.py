"""You give every row the mean of the whole tensor; each row has a mean of its own.

You believed that mean() without a dimension works row by row. Without `dim` it takes all values of all rows together.

Caught by: mean.equals_the_definition
Hint: 1
"""

from torch import Tensor


def mean(values: Tensor) -> Tensor:
    return values.mean().expand(values.shape[0])
