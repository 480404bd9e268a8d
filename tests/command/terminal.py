"""A terminal for the real command: what it writes can be read, and keys can be pressed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command.conftest import RUN_SECONDS, environment

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CTRL_C, CTRL_BACKSLASH, CTRL_Z = "\x03", "\x1c", "\x1a"


@dataclass
class Terminal:
    """A run of the command on a terminal of 80 columns and 24 lines."""

    process: subprocess.Popen[bytes]
    screen: int  # our end of the terminal
    settings: list[Any]
    output: str = ""

    def read(self, seconds: float) -> bool:
        """Take what the command writes within so many seconds; False at its end."""
        if not select.select([self.screen], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.screen, 1 << 16)
        except OSError:  # nobody holds the other end any more
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def read_until(self, text: str, *, anew: bool = False) -> str:
        """Read until this text is there; return what there was.

        Args:
            anew: the text must be written after this call.
        """
        deadline = time.monotonic() + RUN_SECONDS
        if anew:
            self.output = ""
        while text not in self.text:
            assert self.read(0.1), self.output
            assert time.monotonic() < deadline, self.output
        return self.text

    def press(self, key: str) -> None:
        os.write(self.screen, key.encode())

    def press_ctrl_c(self) -> float:
        """Press it and wait for the end; return how long that took, in seconds."""
        return self.press_to_end(CTRL_C)

    def press_to_end(self, key: str) -> float:
        started = time.monotonic()
        self.press(key)
        self.read_to_the_end()
        return time.monotonic() - started

    def read_to_the_end(self) -> None:
        while self.process.poll() is None:
            self.read(0.05)
        while select.select([self.screen], [], [], 0)[0] and self.read(0):
            pass

    @property
    def text(self) -> str:
        return ESCAPE.sub("", self.output).replace("\r", "")


def open_terminal(project: Path, scratch: Path, *arguments: str, shell: str | None = None, **changes: str) -> Terminal:
    """Run the command, through this Python program (which gets it as arguments) if there is one."""
    screen, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    variables = environment(scratch, TMPDIR=str(scratch), **changes)
    command = [sys.executable, "-m", "grader", *arguments]
    process = subprocess.Popen(
        command if shell is None else [sys.executable, "-c", shell, *command],
        cwd=project,
        env=variables,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that ^C on it becomes a signal
    )
    settings = termios.tcgetattr(theirs)
    os.close(theirs)
    return Terminal(process, screen, settings)


def processes_with(text: str) -> list[int]:
    """Return the processes in whose environment this stands."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if text.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found
