"""The speed of the encoder behind `load_tokens`, beside a plain loop over `encode_ordinary` in the same run.

    python -m tests.measure.encoding_bench [--megabytes 20] [--rounds 5]

The texts are those of the packaged corpus, again and again, in memory: what is measured is the encoding alone. The two
take turns and change who goes first, so that a machine that slows down slows both. Figures are medians over the rounds,
the ratio is the median of each round's ratio. On a machine that is busy, or that lends a process less than its cores,
the ratio is lower than on an idle one; the seconds of processor time show the encoder's own cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

import tiktoken
from rich.console import Console
from rich.table import Table

from grader.data import DataError, load_tokenizer, read_documents
from grader.data.encoding import encode_documents, usable_cores
from grader.data.tokenizer import TOKENIZERS


@dataclass(frozen=True)
class Timing:
    """One run over all texts. `tokens` are the texts' own, without the end-of-text tokens."""

    tokens: int
    seconds: float
    processor_seconds: float  # of all threads

    @property
    def speed(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def texts_of(corpus: list[str], megabytes: float) -> Iterator[str]:
    """The corpus's texts, in turn, until there are as many bytes."""
    left = megabytes * 1e6
    for text in cycle(corpus):
        if left <= 0:
            return
        left -= len(text.encode())
        yield text


def plain_loop(texts: Iterator[str], tokenizer: tiktoken.Encoding) -> int:
    """Encode one text after the other and only count: the least that a loop can do."""
    return sum(len(tokenizer.encode_ordinary(text)) for text in texts)


def encoder(texts: Iterator[str], tokenizer: tiktoken.Encoding) -> int:
    """Encode as `load_tokens` does, into arrays."""
    return sum(len(chunk.tokens) - chunk.documents for chunk in encode_documents(texts, tokenizer))


def timing(count_tokens: Callable[[], int]) -> Timing:
    """Measure one run."""
    started, processor = time.perf_counter(), time.process_time()
    tokens = count_tokens()
    return Timing(tokens, time.perf_counter() - started, time.process_time() - processor)


def measure(corpus: list[str], tokenizer: tiktoken.Encoding, *, megabytes: float, rounds: int) -> list[list[Timing]]:
    """[plain loop, encoder] of each round."""
    results = []
    for number in range(rounds):
        pair: dict[int, Timing] = {}
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            run = (plain_loop, encoder)[which]
            pair[which] = timing(lambda run=run: run(texts_of(corpus, megabytes), tokenizer))
        assert pair[0].tokens == pair[1].tokens
        results.append([pair[0], pair[1]])
    return results


def add_row(table: Table, name: str, results: list[list[Timing]]) -> None:
    """Medians of one vocabulary."""

    def median(figure: Callable[[list[Timing]], float]) -> float:
        return statistics.median(map(figure, results))

    table.add_row(
        name,
        f"{median(lambda pair: pair[0].speed) / 1e6:.2f}",
        f"{median(lambda pair: pair[1].speed) / 1e6:.2f}",
        f"{median(lambda pair: pair[1].speed / pair[0].speed):.2f} x",
        f"{median(lambda pair: pair[1].processor_seconds / pair[0].processor_seconds):.2f} x",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=20.0, help="of text in each run (default: 20)")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    corpus = list(read_documents("sample"))
    console = Console(width=100)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    table = Table(title=f"{options.megabytes:g} MB, {options.rounds} rounds, {usable_cores()} cores{load}; medians")
    for heading in ("vocabulary", "plain loop, M tokens/s", "encoder, M tokens/s", "ratio", "processor time, ratio"):
        table.add_column(heading)
    for name in TOKENIZERS:
        try:
            tokenizer = load_tokenizer(name)
        except DataError as error:
            console.print(f"left out: {error}", markup=False)
            continue
        add_row(table, name, measure(corpus, tokenizer, megabytes=options.megabytes, rounds=options.rounds))
    console.print(table)


if __name__ == "__main__":
    main()
