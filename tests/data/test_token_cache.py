"""Tokens are encoded once and then memory-mapped; a cache file that is not whole and right is never used."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiktoken

from grader.data import DataError, encoding, load_tokens, read_documents
from grader.data import cache as cache_module
from grader.data import tokens as tokens_module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_text('{"text": "one fish"}\n{"text": "two fish"}\n', encoding="utf-8")
    return path


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbid() -> None:
        def read(*_: Any, **__: Any) -> None:
            raise AssertionError("the source was read again")

        monkeypatch.setattr(tokens_module, "read_documents", read)

    return forbid


def the_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_each_document_follows_an_end_of_text_token(source: Path, packaged: tiktoken.Encoding) -> None:
    end = packaged.eot_token
    expected = [end, *packaged.encode_ordinary("one fish"), end, *packaged.encode_ordinary("two fish")]
    assert load_tokens(str(source), packaged).tokens.tolist() == expected


def test_the_array_says_where_it_comes_from(source: Path, packaged: tiktoken.Encoding) -> None:
    array = load_tokens(str(source), packaged)
    distinct = len(np.unique(array.tokens))
    assert (array.documents, array.source, array.vocabulary, array.distinct) == (2, str(source), "packaged", distinct)


def test_the_number_of_documents_is_a_limit(source: Path, packaged: tiktoken.Encoding) -> None:
    assert load_tokens(str(source), packaged, documents=1).documents == 1


def test_a_token_takes_two_bytes(source: Path, packaged: tiktoken.Encoding, gpt2: tiktoken.Encoding) -> None:
    assert {load_tokens(str(source), tokenizer).tokens.itemsize for tokenizer in (packaged, gpt2)} == {2}


def test_a_vocabulary_of_more_than_65_536_tokens_gets_four_bytes(packaged: tiktoken.Encoding) -> None:
    large = tiktoken.Encoding(
        "large",
        pat_str=".",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={"<|endoftext|>": 70_000},
    )
    assert encoding.token_type(large).itemsize == 4


def test_the_second_load_is_memory_mapped_and_equal(
    source: Path, packaged: tiktoken.Encoding, no_reading: Callable[[], None]
) -> None:
    first = load_tokens(str(source), packaged)
    no_reading()
    second = load_tokens(str(source), packaged)
    assert isinstance(second.tokens, np.memmap)
    assert (second.tokens.tolist(), second.distinct) == (first.tokens.tolist(), first.distinct)


def test_the_tokens_are_read_only(source: Path, packaged: tiktoken.Encoding) -> None:
    with pytest.raises(ValueError, match="read-only"):
        load_tokens(str(source), packaged).tokens[0] = 0


def test_a_changed_source_is_encoded_again(source: Path, packaged: tiktoken.Encoding) -> None:
    load_tokens(str(source), packaged)
    source.write_text('{"text": "red fish"}\n{"text": "two fish"}\n', encoding="utf-8")
    os.utime(source, ns=(1, 1))
    assert packaged.decode(load_tokens(str(source), packaged).tokens.tolist()[1:4]).startswith("red")


def test_another_number_of_documents_is_another_file(source: Path, packaged: tiktoken.Encoding, cache: Path) -> None:
    load_tokens(str(source), packaged, documents=1)
    load_tokens(str(source), packaged, documents=2)
    assert len(list(cache.iterdir())) == 2


def test_another_vocabulary_of_the_same_name_is_another_file(
    source: Path, packaged: tiktoken.Encoding, cache: Path
) -> None:
    other = tiktoken.Encoding(
        "packaged",
        pat_str=".",
        mergeable_ranks={bytes([255 - byte]): byte for byte in range(256)},
        special_tokens={"<|endoftext|>": packaged.n_vocab - 1},
    )
    load_tokens(str(source), packaged)
    load_tokens(str(source), other)
    assert len(list(cache.iterdir())) == 2


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 2)


def cut_inside_the_header(path: Path) -> None:
    os.truncate(path, 100)


def cut_inside_a_token(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\x00\x00")


def change_a_token(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def replace_by_other_content(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def rewrite_header(path: Path, **changes: Any) -> None:
    content = path.read_bytes()
    header = json.loads(content[: cache_module.HEADER_BYTES]) | changes
    path.write_bytes(
        json.dumps(header).encode().ljust(cache_module.HEADER_BYTES) + content[cache_module.HEADER_BYTES :]
    )


def give_another_key(path: Path) -> None:
    rewrite_header(path, key="0" * 64)


def give_another_format(path: Path) -> None:
    rewrite_header(path, format="fine-dropout-tokens-0")


def give_an_unknown_type(path: Path) -> None:
    rewrite_header(path, dtype="pear")


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        cut_inside_the_header,
        cut_inside_a_token,
        lengthen,
        change_a_token,
        replace_by_other_content,
        give_another_key,
        give_another_format,
        give_an_unknown_type,
        Path.touch,
        lambda path: path.write_bytes(b""),
    ],
)
def test_a_damaged_cache_file_is_rebuilt(
    source: Path, packaged: tiktoken.Encoding, cache: Path, damage: Callable[[Path], Any]
) -> None:
    good = load_tokens(str(source), packaged).tokens.tolist()
    content = the_file(cache).read_bytes()
    damage(the_file(cache))
    assert load_tokens(str(source), packaged).tokens.tolist() == good
    assert the_file(cache).read_bytes() == content


def test_a_folder_that_cannot_be_made_means_no_cache(
    source: Path, packaged: tiktoken.Encoding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    monkeypatch.setenv("FINE_DROPOUT_CACHE", str(tmp_path / "a file" / "cache"))
    assert load_tokens(str(source), packaged).documents == 2


def test_a_full_disk_means_no_cache(
    source: Path, packaged: tiktoken.Encoding, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    array = load_tokens(str(source), packaged)
    assert (array.documents, array.distinct, list(cache.iterdir())) == (2, len(np.unique(array.tokens)), [])


def test_no_home_folder_means_no_cache(
    source: Path, packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(tokens_module, "cache_folder", no_home)
    monkeypatch.setattr("grader.data.cache.cache_folder", no_home)
    assert load_tokens(str(source), packaged).documents == 2


def test_a_source_that_breaks_off_leaves_nothing_in_the_cache(
    source: Path, packaged: tiktoken.Encoding, cache: Path
) -> None:
    source.write_text('{"text": "one fish"}\nbroken\n', encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        load_tokens(str(source), packaged)
    assert list(cache.iterdir()) == []


def test_an_interrupt_leaves_nothing_in_the_cache(source: Path, packaged: tiktoken.Encoding, cache: Path) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_tokens(str(source), packaged, on_progress=interrupt)
    assert list(cache.iterdir()) == []


def test_a_missing_source_is_an_error_of_one_line(packaged: tiktoken.Encoding, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        load_tokens(str(tmp_path / "no.jsonl"), packaged)


def test_many_small_chunks_give_the_same_tokens(packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = list(read_documents("sample", limit=40))
    whole = np.concatenate([chunk.tokens for chunk in encoding.encode_documents(texts, packaged)])
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 1000)
    chunks = list(encoding.encode_documents(texts, packaged))
    assert len(chunks) > 10
    assert np.array_equal(np.concatenate([chunk.tokens for chunk in chunks]), whole)


def test_the_cache_follows_the_custom_of_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FINE_DROPOUT_CACHE")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_module.cache_folder() == tmp_path / "fine-dropout"


def test_the_cache_follows_the_custom_of_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FINE_DROPOUT_CACHE")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_module.cache_folder() == tmp_path / "fine-dropout"


def test_the_cache_follows_the_custom_of_macos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FINE_DROPOUT_CACHE")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_module.cache_folder() == tmp_path / "Library" / "Caches" / "fine-dropout"


def test_a_warm_load_of_the_sample_is_quick_and_does_without_datasets(
    packaged: tiktoken.Encoding, run_python: Callable[..., Any]
) -> None:
    load_tokens("sample", packaged)
    program = (
        "import sys, time\n"
        "from grader.data import load_tokenizer, load_tokens\n"
        "begun = time.perf_counter()\n"
        "load_tokens('sample', load_tokenizer('packaged'))\n"
        "print(time.perf_counter() - begun, 'datasets' in sys.modules, 'torch' in sys.modules)"
    )
    seconds, with_datasets, with_torch = run_python(program).stdout.split()
    assert (with_datasets, with_torch) == ("False", "False")
    assert float(seconds) < 0.05


def test_importing_the_package_costs_neither_torch_nor_datasets(run_python: Callable[..., Any]) -> None:
    done = run_python("import sys, grader.data; print({'torch', 'datasets', 'tiktoken'} & set(sys.modules))")
    assert done.stdout == "set()\n"


def test_the_sample_has_about_115_000_tokens(packaged: tiktoken.Encoding) -> None:
    assert 100_000 < len(load_tokens("sample", packaged).tokens) < 130_000


def test_the_sample_is_loaded_whole(packaged: tiktoken.Encoding) -> None:
    assert load_tokens("sample", packaged).documents == len(list(read_documents("sample")))


def test_a_file_edited_to_the_same_length_and_date_is_encoded_again(source: Path, packaged: tiktoken.Encoding) -> None:
    load_tokens(str(source), packaged)
    before = source.stat()
    source.write_text(source.read_text(encoding="utf-8").replace("one", "red"), encoding="utf-8")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert source.stat().st_size == before.st_size
    assert packaged.decode(load_tokens(str(source), packaged).tokens.tolist()[1:4]).startswith("red")


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    source: Path, packaged: tiktoken.Encoding, cache: Path
) -> None:
    def append(*_: Any) -> None:
        with source.open("a", encoding="utf-8") as file:
            file.write('{"text": "red fish"}\n')

    with pytest.raises(DataError, match="changed while it was read"):
        load_tokens(str(source), packaged, documents=1, on_progress=append)
    assert list(cache.iterdir()) == []
    assert load_tokens(str(source), packaged).documents == 3


def test_a_reader_that_raises_after_10_documents_leaves_nothing_in_the_cache(
    packaged: tiktoken.Encoding, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished: list[int] = []

    def broken(*_: Any, **__: Any) -> Iterator[str]:
        for number in range(10):
            yield f"document {number}"
        unfinished.append(len(list(cache.glob("unfinished-*"))))
        raise DataError("FineWeb broke off")

    monkeypatch.setattr(tokens_module, "read_documents", broken)
    with pytest.raises(DataError, match="broke off"):
        load_tokens("fineweb", packaged)
    assert (unfinished, list(cache.iterdir())) == ([1], [])


def test_the_tokens_encoded_so_far_are_told(packaged: tiktoken.Encoding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "CHUNK_CHARACTERS", 20_000)
    told: list[int] = []
    array = load_tokens("sample", packaged, on_tokens=told.append)
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == len(array.tokens)


PULL_TOGETHER = """
import sys, time
from pathlib import Path
from grader.data import load_tokenizer, load_tokens, tokens
read_documents = tokens.read_documents
def together(*arguments, **options):  # neither goes on before both have begun to write
    deadline = time.monotonic() + 40
    while len(list(Path(sys.argv[1]).glob("unfinished-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    print("both" if time.monotonic() < deadline else "alone")
    yield from read_documents(*arguments, **options)
tokens.read_documents = together
array = load_tokens("sample", load_tokenizer("packaged"), documents=20)
print(array.documents, int(array.tokens.astype("int64").sum()), type(array.tokens).__name__)
"""


def test_two_processes_that_encode_the_same_at_once_do_not_disturb_each_other(
    packaged: tiktoken.Encoding, cache: Path
) -> None:
    project = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", PULL_TOGETHER, str(cache)]
    processes = [subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    printed = {process.communicate(timeout=60)[0] for process in processes}
    array = load_tokens("sample", packaged, documents=20)
    assert printed == {f"both\n20 {array.tokens.astype(np.int64).sum()} memmap\n"}
    assert len(list(cache.iterdir())) == 1
