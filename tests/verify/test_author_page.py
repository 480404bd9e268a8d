"""The page for course authors is right: what it quotes is the toy challenge, and it names all that there is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict

import pytest

import grader.checking
from grader.challenge import Limits
from grader.submission.remote import RemoteObject
from grader.verify.excuses import Excuse
from tests.command.conftest import ROOT
from tests.verify.conftest import TOY, Verified

PAGE = (ROOT / "grader" / "checks" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(python|toml)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def names_of(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


@pytest.mark.parametrize("block", [text for _, text in BLOCKS], ids=lambda text: text.splitlines()[0])
def test_what_is_quoted_stands_in_the_toy_challenge(block: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in TOY.rglob("*") if path.suffix in (".py", ".toml")]
    assert any(block in source for source in sources)


def test_every_limit_stands_there_with_its_default() -> None:
    limits = {name: float(value) for name, value in re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)}
    assert limits == asdict(Limits())


@pytest.mark.parametrize("name", [name for name in grader.checking.__all__ if name != "check"])
def test_every_comparison_stands_there(name: str) -> None:
    assert re.search(rf"`{name}[(`]", PAGE)


@pytest.mark.parametrize("name", sorted(names_of(RemoteObject)))
def test_everything_that_an_object_can_do_stands_there(name: str) -> None:
    assert f"`{name}(" in PAGE


def test_the_excuse_that_it_shows_has_every_key() -> None:
    (excuse,) = [text for _, text in BLOCKS if "[[excused]]" in text]
    assert Excuse(**tomllib.loads(excuse)["excused"][0]).reason


def test_the_report_that_it_shows_is_the_real_one(green: Verified) -> None:
    shown = re.findall(r"^ok +(\w+) +(\d+) of \d+: (.*)$", PAGE, re.MULTILINE)
    assert shown == [(name, str(len(part["rows"])), part["promise"]) for name, part in green.parts().items()]
