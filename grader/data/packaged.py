"""Where the packaged corpus and the packaged vocabulary lie."""

from pathlib import Path

CORPUS = Path(__file__).parent / "corpus" / "corpus.parquet"
TEXTS = Path(__file__).parent / "corpus" / "texts"
VOCABULARY = Path(__file__).parent / "vocabulary" / "packaged.tiktoken"
