"""Files that are written whole or not at all, and by one command at a time."""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 2.0  # seconds; who holds a lock needs milliseconds


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there; nothing unfinished is left behind."""
    name = path.parent / f".{path.stem}-{secrets.token_hex(8)}"
    rights = path.stat().st_mode & 0o7777 if os.path.exists(path) else None
    # A new file gets what the umask leaves, as from an editor; what replaces another is hidden until it has its rights.
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if rights is None else 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if rights is not None:
            os.chmod(name, rights)
        os.replace(name, path)
    except BaseException:  # Ctrl-C as well
        with suppress(OSError):
            os.unlink(name)
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other commands waiting that want to change the same folder; go on without where it cannot be locked."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + PATIENCE
        while not _lock(descriptor) and time.monotonic() < deadline:
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)  # and with it the lock


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
