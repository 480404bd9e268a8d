"""You subtract one mean from the whole tensor; each row has to lose its own.

You believed that all rows share a mean. Then a row of large values stays above zero, and one of small values below it.

Caught by: centre.takes_its_mean_from_each_row
Hint: 1
"""

from torch import Tensor


def centre(values: Tensor) -> Tensor:
    return values - values.mean()
