"""You return the sum of each row; its mean is that sum divided by the number of columns.

You believed that adding up is all. A longer row then counts for more, while a mean must not depend on how many values
there are.

Caught by: mean.equals_the_definition
Hint: 2
"""

from torch import Tensor


def mean(values: Tensor) -> Tensor:
    return values.sum(dim=-1)
