"""The filter of system calls holds by itself, whatever else stands around it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grader.child.system_calls import (
    AROUND_THE_FILTER,
    OTHER_PROCESSES,
    OUTLIVING,
    UNCOUNTED_MEMORY,
    can_refuse,
)
from grader.child.system_calls import __name__ as module

pytestmark = pytest.mark.skipif(not can_refuse(), reason="there is no seccomp here")


def refused(code: str, *, local_sockets: bool = False) -> str:
    """Run code in a process of its own behind the filter; what it printed."""
    program = f"""
import ctypes, multiprocessing, os, resource, signal, socket, sys
import seccompy
from {module} import refuse_system_calls
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    return -ctypes.get_errno() if libc.syscall(seccompy.syscall_nr(name), *arguments) < 0 else 0
refuse_system_calls(local_sockets={local_sockets})
try:
    print({code})
except OSError as problem:
    print(type(problem).__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.parametrize("name", [*OTHER_PROCESSES, *OUTLIVING, *UNCOUNTED_MEMORY, *AROUND_THE_FILTER])
def test_a_system_call_is_refused(name: str) -> None:
    assert refused(f"call('{name}', 0, 0, 0, 0, 0, 0)") == "-1"  # EPERM


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_no_socket_is_opened(family: str) -> None:
    assert refused(f"socket.socket(socket.{family}, socket.SOCK_DGRAM)") == "PermissionError"


def test_local_sockets_can_be_allowed() -> None:
    assert refused("socket.socket(socket.AF_UNIX).family.name", local_sockets=True) == "AF_UNIX"
    assert refused("socket.socket(socket.AF_INET)", local_sockets=True) == "PermissionError"


def test_a_pair_of_sockets_is_no_network() -> None:
    assert refused("len(socket.socketpair())") == "2"


def test_no_signal_is_sent_to_everybody() -> None:
    assert refused("os.kill(-1, 0)") == "PermissionError"
    assert refused("os.kill(os.getpid(), 0)") == "None"


def test_limits_of_another_process_are_not_touched() -> None:
    assert refused("resource.prlimit(os.getppid(), resource.RLIMIT_CORE)") == "PermissionError"
    assert refused("resource.setrlimit(resource.RLIMIT_CORE, (0, 0))") == "None"


def test_processes_that_are_started_are_behind_it_as_well() -> None:
    assert refused("[os.fork() and os.wait(), socket.socket()]") == "PermissionError\nPermissionError"
