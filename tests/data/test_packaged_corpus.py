"""The packaged corpus is large enough, original, clean, and in FineWeb's columns."""

import re
from collections import Counter, defaultdict
from itertools import combinations
from urllib.parse import urlparse

import pyarrow.parquet
import pytest

from grader.data import read_documents
from grader.data.build import COLUMNS, ordered_texts
from grader.data.packaged import CORPUS, TEXTS

EMAIL = r"[\w.+-]+@[\w-]+\.\w+"
WEB_ADDRESS = r"https?:|www\.|\b[\w-]+\.(?:com|org|net|info|io|co\.uk|gov|edu)\b"
TELEPHONE = (
    r"(?<!\d)(?:\+?\d{7,15}|\+\d(?:[ ()-]{0,2}\d){7,}|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}|\(?\d{3}\)?[ -]\d{3}-\d{4})(?!\d)"
)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return ordered_texts()


def test_there_are_at_least_240_documents(texts: dict[str, str]) -> None:
    assert len(texts) >= 240


def test_there_are_at_least_220_000_characters(texts: dict[str, str]) -> None:
    assert sum(map(len, texts.values())) >= 220_000


def test_no_document_is_empty(texts: dict[str, str]) -> None:
    assert all(len(text) > 100 for text in texts.values())


def test_no_two_documents_share_more_than_three_sequences_of_eight_words(texts: dict[str, str]) -> None:
    places: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for slug, text in texts.items():
        words = re.findall(r"\w+", text.lower())
        for start in range(len(words) - 7):
            places[tuple(words[start : start + 8])].add(slug)
    shared = Counter(pair for slugs in places.values() for pair in combinations(sorted(slugs), 2))
    assert [pair for pair, count in shared.items() if count > 3] == []


@pytest.mark.parametrize("pattern", [EMAIL, WEB_ADDRESS, TELEPHONE], ids=["e-mail", "web", "telephone"])
def test_no_document_holds_an_address_or_a_telephone_number(texts: dict[str, str], pattern: str) -> None:
    found = {slug: match.group() for slug, text in texts.items() if (match := re.search(pattern, text))}
    assert found == {}


@pytest.mark.parametrize("number", ["01632 960 123", "+44 1632 960123", "(555) 010-1234", "01632960123", "5550101234"])
def test_the_search_for_telephone_numbers_finds_them(number: str) -> None:
    assert re.search(TELEPHONE, f"Call {number}, evenings.")


def test_no_document_holds_control_or_replacement_characters(texts: dict[str, str]) -> None:
    assert {
        slug for slug, text in texts.items() if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\ufeff\ufffd]", text)
    } == set()


def test_the_columns_are_those_of_fineweb() -> None:
    assert tuple(pyarrow.parquet.read_schema(CORPUS).names) == COLUMNS


def test_the_parquet_file_holds_the_texts_in_order(texts: dict[str, str]) -> None:
    assert pyarrow.parquet.read_table(CORPUS)["text"].to_pylist() == list(texts.values())


def test_every_row_says_that_it_is_not_fineweb() -> None:
    dumps = set(pyarrow.parquet.read_table(CORPUS)["dump"].to_pylist())
    assert dumps == {"fine-dropout-packaged (not FineWeb)"}


def test_every_address_is_on_a_domain_that_cannot_exist() -> None:
    hosts = {urlparse(url).hostname or "" for url in pyarrow.parquet.read_table(CORPUS)["url"].to_pylist()}
    assert all(host.endswith(".example") for host in hosts)


def test_the_ids_differ() -> None:
    ids = pyarrow.parquet.read_table(CORPUS)["id"].to_pylist()
    assert len(set(ids)) == len(ids)


def test_the_sample_is_the_packaged_corpus(texts: dict[str, str]) -> None:
    assert list(read_documents("sample")) == list(texts.values())


def test_each_tenth_of_the_corpus_is_a_mixture(texts: dict[str, str]) -> None:
    """The letter before the first hyphen tells who wrote a text, and so its genres: a tenth has most of the six."""
    letters = [slug[0] for slug in texts]
    tenth = len(letters) // 10
    assert all(len(set(letters[start : start + tenth])) >= 4 for start in range(0, tenth * 10, tenth))


def test_nothing_but_texts_lies_among_the_texts() -> None:
    assert {path.suffix for path in TEXTS.iterdir()} == {".txt"}
