"""Hands a folder in to the real command, under one isolation, and notes what the run left behind."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from grader.child.landlock import landlock_version
from tests.command.conftest import ROOT, copy_project, environment
from tests.hostile.watched_run import Watched
from tests.submissions import write_submission

ISOLATIONS = ("process", "bwrap")
SHOWN = 10  # changed files that a failing test names
WRITABLE_BY_ALL = ("/tmp", "/var/tmp", "/dev/shm", "/run")


@dataclass(frozen=True, eq=False)
class HandIn:
    """What is handed in, and how it is graded.

    Attributes:
        name: of the run.
        isolation: "process" or "bwrap".
        files: text by name, of what differs from the solution; may hold `$project` and so on (see `hostile`).
        links: symbolic links by name.
        only: the steps that are graded; all if it is empty.
        smoke: whether the smoke test is run.
        limits: those that are not the challenge's own.
        landlock: the version of the kernel's Landlock without which a plain process cannot be held back from it.
    """

    name: str
    isolation: str
    files: Mapping[str, str | bytes]
    links: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    smoke: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)
    landlock: int = 0

    def why_not(self) -> str:
        """Say why this machine cannot show it; empty if it can."""
        if self.isolation == "bwrap" and shutil.which("bwrap") is None:
            return "bubblewrap is not installed"
        if self.isolation == "process" and landlock_version() < self.landlock:
            return f"the kernel has no Landlock of version {self.landlock}"
        return ""

    def arguments(self, folder: Path) -> list[str]:
        only = [word for step in self.only for word in ("--only", step)]
        smoke = [] if self.smoke or self.only else ["--no-smoke"]
        return ["challenge5", str(folder), "--format", "json", "--isolation", self.isolation, *only, *smoke]


@dataclass(frozen=True)
class Finished:
    """A run that is over.

    Attributes:
        watched: how the command ended, and the processes that it left.
        changed: the files that came, went or changed outside of the grader's own notes.
        called: whether anybody called the server that nobody may call.
    """

    watched: Watched
    changed: list[str]
    called: bool

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.watched.output)
        return found

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        """The checks of the report by id."""
        return {check["id"]: check for check in self.report["checks"]}

    def described(self) -> str:
        """Say what every check found, a line each, for the message of a failing test."""
        try:
            lines = [f"{check['outcome']:8} {name}: {check['message']}" for name, check in self.checks.items()]
        except (ValueError, KeyError):
            lines = [self.watched.output]
        return "\n".join([f"exit status {self.watched.status}", *lines, self.watched.errors])


def hand_in(what: HandIn, room: Path) -> Finished:
    """Write the submission and a project into an empty folder, grade it from there, and look at what has changed."""
    project, temporary, mark = copy_project(room / "project"), room / "temporary", f"mark-{uuid.uuid4().hex}"
    temporary.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as letters:
        letters.bind(server.getsockname())
        names = {"project": str(project), "grader": str(ROOT / "grader"), "mark": mark}
        names["port"] = str(server.getsockname()[1])
        folder = write(what, room / "submission", names)
        before = snapshot(room)
        watched = run(what.limits, what.arguments(folder), cwd=project, scratch=room, temporary=temporary)
        changed = sorted({path for path, _ in snapshot(room) ^ before})[:SHOWN] + [str(path) for path in traces(mark)]
        called = bool(select.select([server, letters], [], [], 0)[0])
    subprocess.run(["rm", "-rf", str(room)], check=False)  # shutil does not get to the bottom of every folder
    return Finished(watched, changed, called)


def write(what: HandIn, folder: Path, names: Mapping[str, str]) -> Path:
    texts = {name: text for name, text in what.files.items() if isinstance(text, str)}
    for name in what.files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    write_submission(folder, {name: Template(text).safe_substitute(names) for name, text in texts.items()})
    for name, content in what.files.items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
    for name, to in what.links.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(Template(to).safe_substitute(names))
    return folder


def run(limits: Mapping[str, float], arguments: list[str], *, cwd: Path, scratch: Path, temporary: Path) -> Watched:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.watched_run", json.dumps(dict(limits)), *arguments],
        cwd=cwd,
        env=environment(scratch, TMPDIR=str(temporary)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Watched(**json.loads(done.stdout))


def snapshot(room: Path) -> set[tuple[str, bytes]]:
    """Return every file and folder of a room with its content, but for the notes that the grader keeps."""
    notes = (room / "state", room / "cache", room / "project" / ".grade")
    found = set()
    for path in walk(room):
        if not any(path.is_relative_to(place) for place in notes):
            found.add((str(path.relative_to(room)), content_of(path)))
    return found


def walk(folder: Path) -> Iterator[Path]:
    for inside, folders, files in os.walk(folder):
        yield from (Path(inside, name) for name in (*folders, *files))


def content_of(path: Path) -> bytes:
    try:
        return os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
    except OSError:
        return b"?"  # left behind, and locked up or too deep down to be read


def traces(mark: str) -> list[Path]:
    """Return the files of this name in the places where learner code might have tried to leave one."""
    places = [*map(Path, WRITABLE_BY_ALL), Path.home(), ROOT, ROOT / "grader", ROOT / "grader" / "checks", Path("/")]
    return [path for place in places if place.is_dir() for path in place.glob(f"{mark}*")]
