"""`python -m grader.data.statistics [SOURCE ...] [--tokenizer packaged|gpt2]`: a corpus in figures, a column a source.

A source is "sample" or a path, as for `grade --data`.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.data.documents import read_documents
from grader.data.encoding import encode_documents
from grader.data.errors import DataError
from grader.data.tokenizer import TOKENIZERS, load_tokenizer


@dataclass(frozen=True)
class Statistics:
    """Of the documents' own tokens: the end-of-text tokens between documents are not counted."""

    documents: int
    characters: int
    tokens: int
    distinct: int
    most_frequent_share: float  # of all tokens, 0 to 1
    entropy: float  # of the unigram distribution, nats

    def lines(self) -> list[tuple[str, str]]:
        """A name and a figure for each line of the table."""
        return [
            ("documents", f"{self.documents:,}"),
            ("characters", f"{self.characters:,}"),
            ("tokens", f"{self.tokens:,}"),
            ("characters a token", f"{self.characters / self.tokens:.2f}"),
            ("distinct tokens", f"{self.distinct:,}"),
            ("most frequent token", f"{self.most_frequent_share:.1%}"),
            ("unigram entropy", f"{self.entropy:.2f} nats"),
        ]


def measure(source: str, *, tokenizer_name: str) -> Statistics:
    """Read and encode the whole source."""
    tokenizer = load_tokenizer(tokenizer_name)
    texts = list(read_documents(source))
    counts = np.zeros(tokenizer.n_vocab, dtype=np.int64)
    for chunk in encode_documents(texts, tokenizer):
        counts += np.bincount(chunk.tokens, minlength=tokenizer.n_vocab)
    counts[tokenizer.eot_token] = 0
    shares = counts[counts > 0] / counts.sum()
    return Statistics(
        documents=len(texts),
        characters=sum(map(len, texts)),
        tokens=int(counts.sum()),
        distinct=len(shares),
        most_frequent_share=float(shares.max()),
        entropy=float(-(shares * np.log(shares)).sum()),
    )


def table(columns: dict[str, Statistics]) -> str:
    """The statistics side by side, one column a source."""
    cells = [["", *columns]]
    for rows in zip(*(statistics.lines() for statistics in columns.values()), strict=True):
        cells.append([rows[0][0], *(figure for _, figure in rows)])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m grader.data.statistics", description="A corpus in figures.")
    parser.add_argument("sources", metavar="SOURCE", nargs="*", help='"sample" or a path (default: sample)')
    parser.add_argument("--tokenizer", choices=TOKENIZERS, default="packaged")
    options = parser.parse_args()
    try:
        columns = {
            Path(source).name: measure(source, tokenizer_name=options.tokenizer)
            for source in options.sources or ["sample"]
        }
    except DataError as error:
        print(error, file=sys.stderr)
        return 2
    print(table(columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
