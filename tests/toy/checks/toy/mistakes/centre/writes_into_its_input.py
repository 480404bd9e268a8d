"""You write the result into the input; the caller's values must stay as they were.

You believed that `-=` makes a new tensor. It changes the old one in place, and whoever gave it to you still needs it.

Caught by: centre.leaves_its_input_alone
Hint: 3
"""

from torch import Tensor


def centre(values: Tensor) -> Tensor:
    values -= values.mean(dim=-1, keepdim=True)
    return values
