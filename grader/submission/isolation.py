"""The walls around the child: bubblewrap's sandbox on Linux where it works, and the worker's own fences.

bubblewrap (`bwrap`) starts the nursery in namespaces of its own: no network, no other processes, and a file system that
is put together from the places in `visible` alone, all of them read-only. The worker then fences itself in with
Landlock (`grader.child.landlock`) and refuses system calls (`grader.child.system_calls`), which also hold where
bubblewrap is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError
from grader.submission.visible import DEVICES, OWN_PROCESS, Visible, visible_from

PROBE_SECONDS = 20.0
SHARED_MEMORY = Path("/dev/shm")
NAMESPACES = (
    "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
    "--cap-drop", "ALL", "--die-with-parent",
)  # fmt: skip
NOT_INSTALLED = "bubblewrap is not installed"
INSTALL = "Install it (`apt install bubblewrap`, `dnf install bubblewrap`), or take"


@dataclass(frozen=True)
class Isolation:
    """What stands between learner code and the machine.

    Attributes:
        name: "bwrap", or "process" for a plain process.
        reason: why it is not bwrap, in words; empty if it is, or if a plain process was asked for.
        program: the path of bwrap, empty without it.
    """

    name: str
    reason: str = ""
    program: str = ""

    def command(self, command: list[str], submission: Path, scratch: Path, scratch_bytes: int) -> list[str]:
        """Return the command that starts `command` inside the walls.

        Args:
            submission: the folder that learner code lies in, read-only inside.
            scratch: the folder that it may write into, empty inside.
            scratch_bytes: what fits into that folder.
        """
        if not self.program:
            return command
        return [self.program, *_sandbox(visible_from(submission), submission, scratch, scratch_bytes), *command]

    def fence(self, submission: Path, scratch: Path) -> dict[str, list[str]]:
        """Return the arguments of `grader.child.landlock.restrict` for the worker, none where there is no Landlock."""
        if sys.platform != "linux":
            return {}
        visible = visible_from(submission)
        devices = [f"/dev/{name}" for name in DEVICES] + [str(path) for path in visible.devices]
        listed, read = _around(visible.read, visible.hidden, submission)
        read += ["/proc"] if self.program else OWN_PROCESS  # its own processes only, or also everybody else's
        return {"read": read, "write": [*map(str, self.writable(scratch)), *devices], "listed": listed}

    def writable(self, scratch: Path) -> list[Path]:
        """Return the folders that learner code may write into, as it sees them."""
        return [scratch, SHARED_MEMORY] if self.program else [scratch]  # its own shared memory, and not everybody's

    def seen_from_outside(self, folder: Path, process: int) -> Path:
        """Return the path under which the parent finds a folder of the child's; `process` is any inside the walls."""
        return Path(f"/proc/{process}/root{folder}") if self.program else folder

    @property
    def walls_in(self) -> bool:
        """Whether local sockets and the attributes of files may be left to learner code.

        Inside bubblewrap they lead nowhere, and Python's multiprocessing wants such sockets; outside they lead to the
        user's other programs and files.
        """
        return bool(self.program)


PROCESS = Isolation("process")


def choose_isolation(name: str) -> Isolation:
    """Return the isolation of this name; for "auto" the best that works here.

    Raises:
        UsageError: bubblewrap was asked for by name and does not work here.
    """
    if name == "process":
        return PROCESS
    program, reason = _find_bubblewrap()
    if program:
        return Isolation("bwrap", program=program)
    if name == "bwrap":
        raise UsageError(f"--isolation bwrap cannot be had: {reason}. {mend_of(reason)}")
    return Isolation("process", reason)


def mend_of(reason: str) -> str:
    """Say what to do where bubblewrap cannot be had for this reason."""
    return f"{INSTALL if reason == NOT_INSTALLED else 'Take'} --isolation process."


def _find_bubblewrap() -> tuple[str, str]:
    """Return the path of bubblewrap if it works here, and otherwise why it does not."""
    if sys.platform != "linux":
        return "", "bubblewrap is there for Linux only"
    program = shutil.which("bwrap")
    if program is None:
        return "", NOT_INSTALLED
    with tempfile.TemporaryDirectory(prefix="fine-dropout-") as folder:
        submission, scratch = (Path(folder).resolve() / name for name in ("submission", "scratch"))
        submission.mkdir()
        python = [sys.executable, "-I", "-S", "-c", ""]
        command = Isolation("bwrap", program=program).command(python, submission, scratch, 1 << 20)
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as problem:
            return "", f"bubblewrap does not start ({problem})"
    if done.returncode != 0:
        said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        reason = f"bubblewrap is installed but not allowed to work here ({said[:200]})"
        # Temporary files lie in a place that the sandbox shows read-only, in Python's own folder say.
        return "", f"{reason}; choose another TMPDIR" if str(scratch) in said else reason
    return program, ""


def _sandbox(visible: Visible, submission: Path, scratch: Path, scratch_bytes: int) -> list[str]:
    arguments = [*NAMESPACES, "--proc", "/proc", "--dev", "/dev"]
    # For the locks of Python's multiprocessing; before all else, because the submission or the scratch may lie below.
    arguments += _memory(SHARED_MEMORY, scratch_bytes)
    for path in visible.read:
        # On most systems /lib and its like are links into /usr.
        arguments += ["--symlink", str(path.readlink()), str(path)] if _is_link(path) else _read_only(path)
    for path in visible.devices:
        arguments += ["--dev-bind", str(path), str(path)]
    for path in visible.hidden:
        arguments += ["--tmpfs", str(path), "--remount-ro", str(path)]
        arguments += _read_only(submission) if submission.is_relative_to(path) else []
    arguments += _memory(scratch, scratch_bytes)
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]


def _memory(path: Path, size: int) -> list[str]:
    return ["--size", str(size), "--tmpfs", str(path)]


def _read_only(path: Path) -> list[str]:
    return ["--ro-bind", str(path), str(path)]


def _is_link(path: Path) -> bool:
    return path.is_symlink() and path.parent == Path("/")


def _around(places: tuple[Path, ...], hidden: tuple[Path, ...], submission: Path) -> tuple[list[str], list[str]]:
    """Split places that have something hidden below them: folders to be listed only, and what lies beside the hidden.

    A rule of Landlock holds for all that is below a folder, and there are no exceptions to it.
    """
    listed: list[str] = []
    # A submission in a hidden folder, the solution say, is visible all the same.
    read = [str(submission)] if any(submission.is_relative_to(path) for path in hidden) else []
    waiting = list(places)
    while waiting:
        place = waiting.pop()
        if place in hidden:
            continue
        if any(path.is_relative_to(place) for path in hidden):
            listed.append(str(place))
            waiting.extend(place.iterdir())
        else:
            read.append(str(place))
    return listed, read
