"""The data of the lesson: documents, vocabularies, token arrays, the train/test split, batches and baselines.

One way through: `read_documents` (texts) → `load_tokens` (one flat array) → `split_tokens` → `sample_batch`. Each name
is imported when it is first used: `import grader.data` alone costs neither torch nor `datasets`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.data.baselines import uniform_loss, unigram_loss
    from grader.data.documents import read_documents
    from grader.data.errors import DataError
    from grader.data.split import Batch, consecutive_batches, sample_batch, split_tokens
    from grader.data.tokenizer import load_tokenizer
    from grader.data.tokens import TokenArray, load_tokens

__all__ = [
    "Batch",
    "DataError",
    "TokenArray",
    "consecutive_batches",
    "load_tokenizer",
    "load_tokens",
    "read_documents",
    "sample_batch",
    "split_tokens",
    "uniform_loss",
    "unigram_loss",
]

_HOMES = {
    "baselines": ("uniform_loss", "unigram_loss"),
    "documents": ("read_documents",),
    "errors": ("DataError",),
    "split": ("Batch", "consecutive_batches", "sample_batch", "split_tokens"),
    "tokenizer": ("load_tokenizer",),
    "tokens": ("TokenArray", "load_tokens"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"grader.data.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
