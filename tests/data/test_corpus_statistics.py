"""The table of statistics counts what it says."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import tiktoken

from grader.data.statistics import measure, table

CARD = Path(__file__).resolve().parents[2] / "grader" / "data" / "corpus" / "README.md"


def test_a_small_file_is_counted(tmp_path: Path) -> None:
    (tmp_path / "small.jsonl").write_text('{"text": "the the"}\n{"text": "the"}\n', encoding="utf-8")
    statistics = measure(str(tmp_path / "small.jsonl"), tokenizer_name="packaged")
    assert (statistics.documents, statistics.characters) == (2, 10)
    # "the" twice and " the" once, each of one token or of the same two: the entropy follows from the counts alone
    assert statistics.entropy <= math.log(statistics.distinct)
    assert 1 / statistics.distinct <= statistics.most_frequent_share <= 1


def test_the_table_has_a_column_a_source(tmp_path: Path) -> None:
    (tmp_path / "small.jsonl").write_text('{"text": "the the"}\n', encoding="utf-8")
    statistics = measure(str(tmp_path / "small.jsonl"), tokenizer_name="packaged")
    assert table({"one": statistics, "two": statistics}).splitlines()[0].split() == ["one", "two"]


def test_the_card_has_the_figures_of_the_sample() -> None:
    figures = measure("sample", tokenizer_name="packaged")
    for figure in (figures.documents, figures.characters, figures.tokens, figures.distinct):
        assert f"| {figure:,} |" in CARD.read_text(encoding="utf-8")


def test_the_card_has_the_figures_of_the_sample_in_gpt2_tokens(gpt2: tiktoken.Encoding) -> None:
    figures = measure("sample", tokenizer_name=gpt2.name)
    for figure in (figures.tokens, figures.distinct):
        assert f"| {figure:,} |" in CARD.read_text(encoding="utf-8")


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["no-such-file.jsonl"], 2)])
def test_the_command_exits_with_its_status(arguments: list[str], status: int) -> None:
    command = [sys.executable, "-m", "grader.data.statistics", *arguments]
    done = subprocess.run(command, cwd=CARD.parents[3], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status
    assert (done.stderr == "") == (status == 0)
