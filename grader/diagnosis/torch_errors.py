"""What PyTorch's most common exceptions mean, in a sentence that a beginner understands and that names a mend.

PyTorch's own words are the key: each pattern is part of the message of the exception, as the versions of PyTorch that
this grader is tested with write it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One kind of exception: what it is about, the names of its classes, a part of its text, and what it means."""

    about: str
    errors: frozenset[str]
    pattern: re.Pattern[str]
    meaning: str


def _known(about: str, errors: str, pattern: str, meaning: str) -> Known:
    return Known(about, frozenset(errors.split("|")), re.compile(pattern, re.IGNORECASE), meaning)


KNOWN = (
    _known(
        "several devices",
        "RuntimeError",
        r"expected all tensors to be on the same device|indices should be either on",
        "Two tensors are in different places. Bring the one from outside, or made anew, to the device of the other: "
        ".to(device), or device=... where it is made.",
    ),
    _known(
        "no CUDA",
        "AssertionError|RuntimeError",
        r"not compiled with CUDA|no NVIDIA driver",
        'There is no CUDA here. Write neither .cuda() nor "cuda": bring tensors to the device that is given, or on '
        "which the others are, with .to(device).",
    ),
    _known(
        "no whole numbers",
        "RuntimeError|IndexError",
        r"dtype to be Long|scalar types: Long|Expected dtype int|tensors used as indices|index tensors? of type Long",
        "Token ids and targets are whole numbers, in PyTorch of dtype int64, called Long. Leave their dtype "
        "as it is, and see whether two arguments have changed places.",
    ),
    _known(
        "whole numbers",
        "NotImplementedError|RuntimeError",
        r"not implemented for '(Long|Int)'|only Tensors of floating point",
        "This operation needs logits, floating-point numbers, and was given whole numbers such as token ids.",
    ),
    _known(
        "changed in place",
        "RuntimeError",
        r"modified by an inplace operation|leaf Variable that requires grad is being used",
        "A tensor that backward() still needs was overwritten. Operations that end in _, and -= and its like, "
        "write into the old tensor: make a new one instead.",
    ),
    _known(
        "shapes in a product",
        "RuntimeError",
        r"shapes cannot be multiplied|size for first two dimensions of batch2",
        "In a matrix product the last dimension of the first tensor must be as long as the last but one of "
        "the second. Print both shapes; as a rule a transpose is missing.",
    ),
    _known(
        "shapes side by side",
        "RuntimeError|ValueError",
        r"must match the size of tensor b|to match target batch_size|Expected target size",
        "Two tensors that belong together have different shapes. Print both, and write beside each line what "
        "its dimensions are: [batch, time, vocab], say.",
    ),
    _known(
        "another number of elements",
        "RuntimeError",
        r"is invalid for input of size|view size is not compatible",
        "view() only gives the same numbers in memory another shape. Print the shape before it; after a "
        "transpose take reshape().",
    ),
    _known(
        "backward twice",
        "RuntimeError",
        r"backward through the graph a second time",
        "backward() frees the graph that the forward pass has built, so it works once for each loss. Compute "
        "the loss anew in every step, and keep none of an earlier one (.item() makes a plain number of it).",
    ),
    _known(
        "no graph",
        "RuntimeError",
        r"does not require grad and does not have a grad_fn",
        "The loss is cut off from the weights, so there is nothing to differentiate. Look for no_grad, "
        "inference_mode, detach(), .data, .item() or numpy() on the way to it.",
    ),
    _known(
        "made for inference",
        "RuntimeError",
        r"Inference tensors cannot be saved",
        "A tensor that was made inside inference_mode() takes part in training, where it must not: one that is kept "
        "from an evaluation, say. Make it anew outside, or take no_grad() in place of inference_mode().",
    ),
    _known(
        "no scalar",
        "RuntimeError",
        r"grad can be implicitly created only for scalar|cannot be converted to Scalar",
        "One number was expected, and the tensor holds several. Take the mean over the batch first.",
    ),
    _known(
        "NumPy",
        "RuntimeError|TypeError",
        r"call numpy\(\) on Tensor that requires grad|convert .* tensor to numpy",
        "NumPy cannot follow gradients and knows no accelerator. Stay with PyTorch's own functions.",
    ),
    _known(
        "out of range",
        "IndexError",
        r"Dimension out of range|out of bounds|index out of range",
        "There are fewer entries, or fewer dimensions, than the index says. -1 is the last one, however many "
        "there are.",
    ),
)


def recognise(error: str, text: str) -> Known | None:
    """Return what kind of exception this is, None for one that is not listed."""
    return next((known for known in KNOWN if error in known.errors and known.pattern.search(text)), None)


def explain(error: str, text: str) -> str:
    """Return the sentence that explains this exception, empty where there is none."""
    known = recognise(error, text)
    return known.meaning if known else ""
