"""`python -m grader.data.build`: makes the packaged vocabulary and the packaged corpus from the texts beside them.

The same texts give the same vocabulary byte for byte, and with the same pyarrow the same Parquet file. Learners never
run this; whoever changes a text does.
"""

import base64
import hashlib
import uuid
from pathlib import Path
from typing import Any

import tiktoken

from grader.data.byte_pair import train_vocabulary
from grader.data.packaged import CORPUS, TEXTS, VOCABULARY
from grader.data.tokenizer import SPLIT_PATTERN, packaged_encoding

VOCABULARY_SIZE = 2048  # tokens; one of them is the end-of-text token
DUMP = "fine-dropout-packaged (not FineWeb)"
DATE = "2025-01-01T00:00:00Z"  # the same for every document, so that a build does not depend on the day
COLUMNS = ("text", "id", "dump", "url", "date", "file_path", "language", "language_score", "token_count")


def ordered_texts(folder: Path = TEXTS) -> dict[str, str]:
    """Slug → text, ordered by a hash of the slug.

    The split into train and test goes by position. The files stand in the folder by author and subject, and in that
    order the test part would be of one kind; a hash mixes them and gives the same order on every machine.
    """
    slugs = sorted(path.stem for path in folder.glob("*.txt"))
    slugs.sort(key=lambda slug: hashlib.sha256(slug.encode()).digest())
    return {slug: (folder / f"{slug}.txt").read_text(encoding="utf-8").strip() for slug in slugs}


def vocabulary_file(texts: dict[str, str]) -> bytes:
    """The trained vocabulary in tiktoken's format: a line a token, its bytes in base64, a space, its rank."""
    ranks = train_vocabulary(texts.values(), size=VOCABULARY_SIZE - 1, split_pattern=SPLIT_PATTERN)
    return b"".join(base64.b64encode(token) + b" %d\n" % rank for token, rank in ranks.items())


def ranks_of(vocabulary: bytes) -> dict[bytes, int]:
    """The tokens and ranks in the content of a `.tiktoken` file."""
    lines = (line.split() for line in vocabulary.splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def rows(texts: dict[str, str], tokenizer: tiktoken.Encoding) -> list[dict[str, Any]]:
    """One row a document, with FineWeb's columns. `token_count` is in tokens of the packaged vocabulary."""
    return [_row(slug, text, token_count=len(tokenizer.encode_ordinary(text))) for slug, text in texts.items()]


def _row(slug: str, text: str, *, token_count: int) -> dict[str, Any]:
    url = f"https://fine-dropout.example/texts/{slug}"  # .example is reserved: there is no such site
    return {
        "text": text,
        "id": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>",
        "dump": DUMP,
        "url": url,
        "date": DATE,
        "file_path": f"grader/data/corpus/texts/{slug}.txt",
        "language": "en",
        "language_score": 1.0,
        "token_count": token_count,
    }


def write_corpus(table: list[dict[str, Any]], path: Path) -> None:
    """The rows as a Parquet file with FineWeb's column types."""
    import pyarrow
    import pyarrow.parquet

    types = {"language_score": pyarrow.float64(), "token_count": pyarrow.int64()}
    schema = pyarrow.schema([(column, types.get(column, pyarrow.string())) for column in COLUMNS])
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(table, schema=schema), path, compression="zstd")


def main() -> None:
    texts = ordered_texts()
    vocabulary = vocabulary_file(texts)
    VOCABULARY.parent.mkdir(parents=True, exist_ok=True)
    VOCABULARY.write_bytes(vocabulary)
    write_corpus(rows(texts, packaged_encoding(ranks_of(vocabulary))), CORPUS)
    for path in (VOCABULARY, CORPUS):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
