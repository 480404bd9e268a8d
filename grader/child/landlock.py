"""Landlock: the Linux kernel's own fence, which a process puts around itself and can never take down again.

Applied in the worker before learner code runs, under bubblewrap and without it. Held back are reading and writing
files outside of the named places, TCP connections, and signals to processes that were there before; which of these a
kernel knows depends on its version, and where it knows none, nothing happens.

The numbers are those of linux/landlock.h; the manual page is landlock(7).
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Sequence

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # system calls, the same on every architecture
VERSION_FLAG, PATH_BENEATH = 1, 1
PR_SET_NO_NEW_PRIVS = 38  # linux/prctl.h; without it the kernel refuses to restrict

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE
ALL_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}  # by version: moving, then truncating, came later
TRUNCATE = 1 << 14
CONNECTIONS = 0b11  # bind and connect over TCP, from version 4
SIGNALS_AND_SOCKETS = 0b11  # to outside, from version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def landlock_version() -> int:
    """Return the version of Landlock that the kernel speaks, 0 for none."""
    if sys.platform != "linux":
        return 0
    return max(0, int(_system_call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)))


def restrict(read: Sequence[str], write: Sequence[str], listed: Sequence[str] = ()) -> int:
    """Fence this process in, and every process that it will start.

    Args:
        read: folders and files that may be read and executed, with all that is below them.
        write: those that may be read and changed. What is written there is not executed: of a program that may be run
            and not read, the kernel tells nobody but root which files it holds open (execve(2), proc(5)).
        listed: folders of which only the names below them may be read.
    Returns:
        The version of Landlock in force, 0 where there is none.
    """
    version = landlock_version()
    if version == 0:
        return 0
    every = ALL_RIGHTS[min(version, 3)]
    ruleset = _Ruleset(every, CONNECTIONS if version >= 4 else 0, SIGNALS_AND_SOCKETS if version >= 6 else 0)
    rules = _system_call(CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(ctypes.sizeof(ruleset)), 0)
    if rules < 0:
        return 0
    try:
        _allow(rules, listed, READ_DIR)
        _allow(rules, read, READ_FILE | READ_DIR | EXECUTE)
        _allow(rules, write, every & ~EXECUTE)
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return version if _system_call(RESTRICT_SELF, rules, 0) == 0 else 0
    finally:
        os.close(rules)


def _allow(rules: int, paths: Iterable[str], rights: int) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # not there: nothing to allow
        # The kernel refuses rights that only a folder has for anything else.
        fitting = rights if os.path.isdir(path) else rights & (FILE_RIGHTS | TRUNCATE)
        beneath = _PathBeneath(fitting, descriptor)
        _system_call(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(beneath), 0)
        os.close(descriptor)


def _system_call(number: int, *arguments: object) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))
