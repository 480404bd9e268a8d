"""Step 2: rows with mean zero."""

from mean import mean
from torch import Tensor


def centre(values: Tensor) -> Tensor:
    """Subtract from each row its own mean, as the first half of a layer norm does.

    Args:
        values: `[rows, columns]`, float32. It is left as it was.

    Returns:
        `[rows, columns]`, float32.
    """
    # ---- your code: begin ----
    raise NotImplementedError("centre is still to do")  # replace this line
    # ---- your code: end ----
