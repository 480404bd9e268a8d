"""Wrong usage ends with status 2 and one line that names the mend; nothing on the output, no traceback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from grader.command import main
from grader.options import parse_grade
from grader.tool_options import parse_hint, parse_reset, parse_watch
from grader.verify.options import parse_verify
from tests.command.conftest import Grade, Run

Refused = Callable[..., str]
OPTIONS = ("--only", "--no-smoke", "--solution", "--ref", "--data", "--tokenizer", "--isolation", "--format", "--seed")


@pytest.fixture
def refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Refused:
    """Runs the command, which must refuse; returns its one line."""
    monkeypatch.setenv("FINE_DROPOUT_CACHE", str(tmp_path / "cache"))

    def run(*arguments: str, cwd: Path = project) -> str:
        monkeypatch.chdir(cwd)
        status = main(list(arguments))
        output, errors = capsys.readouterr()
        assert (status, output) == (2, "")
        assert errors.startswith("grade: ")
        assert errors.count("\n") == 1
        return errors

    return run


def test_an_unknown_challenge_lists_those_that_there_are(refused: Refused) -> None:
    assert "There is no challenge 'challenge9'. Challenges: challenge5" in refused("challenge9")


def test_a_challenge_cannot_be_a_path(refused: Refused) -> None:
    assert "There is no challenge '../checks/challenge5'" in refused("../checks/challenge5")


def test_an_unknown_step_lists_those_that_there_are(refused: Refused) -> None:
    message = refused("challenge5", "--only", "softmax")
    assert "no step 'softmax'. Its steps are: log_softmax, final_token_loss" in message


def test_a_step_is_named_without_its_extension(refused: Refused) -> None:
    assert "no step 'attention.py'" in refused("challenge5", "--only", "attention.py")


def test_a_missing_folder_is_named(refused: Refused) -> None:
    assert "There is no folder nowhere. Name the folder" in refused("challenge5", "nowhere")


def test_a_name_that_is_too_long_for_a_folder_is_no_folder(refused: Refused) -> None:
    assert "There is no folder" in refused("challenge5", "x" * 5000)


def test_the_home_folder_of_nobody_is_no_folder(refused: Refused) -> None:
    assert "There is no folder ~nobody-of-this-name/homework" in refused("challenge5", "~nobody-of-this-name/homework")


def test_a_file_instead_of_a_folder_is_named(refused: Refused) -> None:
    message = refused("challenge5", "challenges/challenge5/attention.py")
    assert "attention.py is a file. Name the folder that holds your challenge5 files." in message


def test_a_name_of_two_lines_is_shown_in_one(refused: Refused) -> None:
    assert "There is no folder two lines." in refused("challenge5", "two\nlines")


def test_a_name_is_shown_without_what_moves_the_cursor(refused: Refused) -> None:
    message = refused("challenge5", "\x1b[2J\x1b]0;title\a\u202e\udcff")
    assert r"There is no folder \x1b[2J\x1b]0;title\x07\u202e\udcff." in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["folder", "--solution"], "FOLDER and --solution"),
        (["folder", "--ref", "main"], "FOLDER and --ref"),
        (["--solution", "--ref", "main"], "--solution and --ref"),
        (["folder", "--solution", "--ref", "main"], "FOLDER and --solution and --ref"),
    ],
)
def test_two_things_to_grade_exclude_each_other(arguments: list[str], words: str, refused: Refused) -> None:
    assert f"{words} exclude each other: name one thing to grade." in refused("challenge5", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--colour"],
        ["--format", "xml"],
        ["--format"],
        ["--tokenizer", "gpt4"],
        ["--only"],
        ["--ref"],
        ["one", "two"],
        ["--seed", "many"],
        ["--seed", "-1"],
        ["--seed", "1.5"],
        ["--seed", str(2**63)],
    ],
    ids=" ".join,
)
def test_a_bad_option_says_where_the_options_are_listed(arguments: list[str], refused: Refused) -> None:
    assert "See: grade CHALLENGE --help" in refused("challenge5", *arguments)


@pytest.mark.parametrize("arguments", ["--colour", "here --colour", "--seed 1 --colour here"])
def test_an_unknown_option_is_named_wherever_it_stands(arguments: str, refused: Refused) -> None:
    assert "Unrecognized arguments: --colour" in refused("challenge5", *arguments.split())


@pytest.mark.parametrize(
    ("parse", "usual", "other"),
    [
        (parse_grade, "challenge5 here --only one", "challenge5 --only one here"),
        (parse_grade, "challenge5 here --only one", "--only one challenge5 here"),
        (parse_grade, "challenge5 here --only one --no-smoke", "--only one challenge5 --no-smoke here"),
        (parse_hint, "challenge5 one --all --folder here", "--all challenge5 --folder here one"),
        (parse_watch, "challenge5 here --isolation process", "challenge5 --isolation process here"),
        (parse_reset, "challenge5 one --undo", "challenge5 --undo one"),
        (parse_verify, "challenge5 --no-mutants --ref main", "--no-mutants challenge5 --ref main"),
    ],
)
def test_options_may_stand_before_between_and_behind_the_names(
    parse: Callable[[list[str]], object], usual: str, other: str
) -> None:
    assert parse(other.split()) == parse(usual.split())


@pytest.mark.parametrize("arguments", ["--only one -- challenge5 -x", "challenge5 --only one -- -x"])
def test_behind_two_dashes_a_folder_may_begin_with_one(arguments: str) -> None:
    options = parse_grade(arguments.split())
    assert (options.challenge, options.folder, options.only) == ("challenge5", "-x", ("one",))


def test_options_without_a_challenge_ask_for_one(refused: Refused) -> None:
    assert "CHALLENGE" in refused("--no-smoke")


@pytest.mark.parametrize("arguments", [["hint"], ["hint", "challenge5", "--every"]], ids=" ".join)
def test_a_bad_option_of_hint_names_its_own_help(arguments: list[str], refused: Refused) -> None:
    assert "See: grade hint --help" in refused(*arguments)


def test_an_unknown_step_of_hint_lists_those_that_there_are(refused: Refused) -> None:
    assert "Its steps are: log_softmax" in refused("hint", "challenge5", "softmax")


def test_list_takes_no_arguments(refused: Refused) -> None:
    assert "challenge5" in refused("list", "challenge5")


@pytest.mark.parametrize("arguments", [(), ("--solution",), ("--only", "attention")], ids=" ".join)
def test_outside_a_project_a_folder_must_be_named(arguments: tuple[str, ...], tmp_path: Path, refused: Refused) -> None:
    message = refused("challenge5", *arguments, cwd=tmp_path)
    assert "You are outside the project. Go into it, or name a folder: grade challenge5 FOLDER." in message


def test_a_project_without_this_challenge_says_what_is_missing(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "challenges").mkdir()
    (tmp_path / "solutions").mkdir()
    assert "There is no folder challenges/challenge5 in" in refused("challenge5", cwd=tmp_path)


def test_a_folder_that_was_removed_cannot_be_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "old branch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    shutil.rmtree(folder)
    assert main(["list"]) == 2
    assert "The current folder has been removed." in capsys.readouterr().err


@pytest.mark.parametrize("left_out", [["--no-smoke"], ["--only", "attention"]], ids=" ".join)
@pytest.mark.parametrize(
    "training", [["--data", "missing.jsonl"], ["--data", "fineweb"], ["--tokenizer", "gpt2"]], ids=" ".join
)
def test_what_to_train_on_is_refused_where_nothing_is_trained(
    training: list[str], left_out: list[str], refused: Refused
) -> None:
    message = refused("challenge5", *training, *left_out)
    assert f"{training[0]} is for the smoke test, which {left_out[0]} leaves out." in message


def test_an_isolation_that_there_is_not_is_refused(refused: Refused) -> None:
    assert "See: grade CHALLENGE --help" in refused("challenge5", "--isolation", "docker")


def test_bubblewrap_by_name_is_refused_where_it_is_not_installed(
    refused: Refused, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "--isolation process" in refused("challenge5", "--isolation", "bwrap")


@pytest.mark.parametrize("arguments", [("challenge5", "--folder", "nowhere"), ("challenge5", "--folder")], ids=" ".join)
def test_the_hint_of_a_missing_folder_is_refused(arguments: tuple[str, ...], refused: Refused) -> None:
    assert "folder" in refused("hint", *arguments)


def test_a_project_without_solutions_says_that_they_are_missing(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "challenges" / "challenge5").mkdir(parents=True)
    message = refused("challenge5", "--solution", cwd=tmp_path)
    assert f"There is no folder solutions/challenge5 in {tmp_path}." in message
    assert "grade challenge5 --ref BRANCH" in message


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Path]:
    """Files that cannot be trained on, by what is wrong with them."""
    contents = {
        "empty.jsonl": "",
        "malformed.jsonl": '{"text": "whole"}\n{"text": \n',
        "without text.jsonl": '{"content": "a document"}\n',
        "too short.jsonl": '{"text": "' + "one more sentence " * 1000 + '"}\n',
        "unknown.doc": "a document",
    }
    for name, text in contents.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "folder.jsonl").mkdir()
    return {name: tmp_path / name for name in (*contents, "folder.jsonl", "missing.jsonl")}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.jsonl", "no file"),
        ("empty.jsonl", "empty"),
        ("malformed.jsonl", "line 2"),
        ("without text.jsonl", "`text`"),
        ("too short.jsonl", "tokens, and the smoke test needs"),
        ("unknown.doc", "unknown kind"),
        ("folder.jsonl", "is a folder"),
    ],
)
def test_data_that_cannot_be_trained_on_are_refused_before_anything_is_graded(
    name: str, words: str, data: dict[str, Path], refused: Refused
) -> None:
    message = refused("challenge5", "--solution", "--data", str(data[name]))
    assert name in message
    assert words in message


def test_data_in_the_home_folder_of_nobody_are_no_file(refused: Refused) -> None:
    message = refused("challenge5", "--solution", "--data", "~nobody-of-this-name/texts.jsonl")
    assert "there is no file ~nobody-of-this-name/texts.jsonl" in message


@pytest.fixture(scope="module")
def really_refused(grade: Grade, project: Path) -> Run:
    return grade("challenge5", "--data", "missing.jsonl", "--format", "json", cwd=project)


def test_the_command_itself_ends_with_status_2_and_one_line(really_refused: Run) -> None:
    assert (really_refused.status, really_refused.output) == (2, "")
    assert (really_refused.errors.count("\n"), really_refused.errors[:7]) == (1, "grade: ")


def test_without_arguments_the_command_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: grade CHALLENGE")


@pytest.mark.parametrize("option", ["-h", "--help", "help"])
def test_help_is_no_mistake(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    assert capsys.readouterr().out.startswith("usage: grade CHALLENGE")


@pytest.mark.parametrize("option", OPTIONS)
def test_the_help_of_grade_lists_every_option(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["challenge5", "--help"])
    assert end.value.code == 0
    assert f"  {option}" in capsys.readouterr().out


def test_a_step_named_as_a_challenge_is_shown_as_an_option(refused: Refused) -> None:
    assert "grade challenge5 --only attention" in refused("attention")


def test_a_folder_that_holds_none_of_the_files_is_another_folder(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds none of the files of challenge5" in refused("challenge5", str(tmp_path / "empty"))


HELPS = ["", "challenge5", "hint", "watch", "list", "reset", "doctor", "data", "data pull", "data clear", "verify"]


@pytest.mark.parametrize("words", HELPS)
def test_no_help_is_wider_than_the_window(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with suppress(SystemExit):
        main([*words.split(), "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("tool", ["hint", "watch", "reset", "doctor", "data"])
def test_the_help_of_each_tool_has_examples(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([tool, "--help"])
    assert end.value.code == 0
    assert f"  grade {tool}" in capsys.readouterr().out.partition("example")[2]


def test_a_folder_that_is_missing_cannot_be_watched(refused: Refused) -> None:
    assert "There is no folder nowhere." in refused("watch", "challenge5", "nowhere")


def test_a_folder_that_may_not_be_entered_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)  # root may enter every folder
    assert main(["challenge5", str(tmp_path)]) == 2
    assert f"{tmp_path} may not be read by you" in capsys.readouterr().err
