"""The filter of system calls holds by itself, whatever else stands around it."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import seccompy

from grader.child.system_calls import (
    AROUND_THE_FILTER,
    FILE_ATTRIBUTES,
    FILE_REQUESTS,
    NAMESPACES,
    OTHER_PROCESSES,
    OTHERS_PRIORITY,
    OUTLIVING,
    UNCOUNTED_MEMORY,
    can_refuse,
)
from grader.child.system_calls import __name__ as module

pytestmark = pytest.mark.skipif(not can_refuse(), reason="there is no seccomp here")


REFUSED = (*OTHER_PROCESSES, *OUTLIVING, *UNCOUNTED_MEMORY, *NAMESPACES, *AROUND_THE_FILTER)


def is_known(name: str) -> bool:
    """True where this processor has such a system call: ARM64 lacks the older ones."""
    try:
        return bool(seccompy.syscall_nr(name))
    except ValueError:
        return False


def refused(code: str, *, walled_in: bool = False) -> str:
    """Run code in a process of its own behind the filter; what it printed."""
    program = f"""
import ctypes, fcntl, os, resource, shutil, signal, socket, sys, tempfile
from pathlib import Path
import seccompy
from {module} import refuse_system_calls
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    return -ctypes.get_errno() if libc.syscall(seccompy.syscall_nr(name), *arguments) < 0 else 0
refuse_system_calls(walled_in={walled_in})
try:
    print({code})
except OSError as problem:
    print(type(problem).__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.parametrize("name", REFUSED)
def test_a_system_call_is_refused(name: str) -> None:
    assert refused(f"call('{name}', 0, 0, 0, 0, 0, 0)") == "-1"  # EPERM


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
def test_no_socket_is_opened(family: str) -> None:
    assert refused(f"socket.socket(socket.{family}, socket.SOCK_DGRAM)") == "PermissionError"


def test_local_sockets_are_allowed_within_walls() -> None:
    assert refused("socket.socket(socket.AF_UNIX).family.name", walled_in=True) == "AF_UNIX"
    assert refused("socket.socket(socket.AF_INET)", walled_in=True) == "PermissionError"


@pytest.mark.parametrize("walled_in", [True, False])
def test_a_pair_of_sockets_is_no_network(walled_in: bool) -> None:
    assert refused("len(socket.socketpair())", walled_in=walled_in) == "2"


@pytest.mark.parametrize("kind", ["SOCK_DGRAM", "SOCK_SEQPACKET", "SOCK_RAW"])
def test_a_pair_that_could_send_elsewhere_is_refused(kind: str) -> None:
    assert refused(f"socket.socketpair(socket.AF_UNIX, socket.{kind})") == "PermissionError"


def test_one_of_a_pair_cannot_be_connected_to_another_program(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as program:
        program.bind(str(tmp_path / "socket"))
        program.listen()
        assert refused(f"socket.socketpair()[0].connect({str(tmp_path / 'socket')!r})") == "OSError"
        sent = f"socket.socketpair()[0].sendto(b'x', {str(tmp_path / 'socket')!r})"
        assert refused(sent) == "OSError"


def test_no_signal_is_sent_to_everybody() -> None:
    assert refused("os.kill(-1, 0)") == "PermissionError"
    assert refused("os.kill(os.getpid(), 0)") == "None"


def test_limits_of_another_process_are_not_touched() -> None:
    assert refused("resource.prlimit(os.getppid(), resource.RLIMIT_CORE)") == "PermissionError"
    assert refused("resource.setrlimit(resource.RLIMIT_CORE, (0, 0))") == "None"


def test_the_open_files_of_a_process_stay_to_be_seen() -> None:
    prctl, (dumpable, also) = "ctypes.CDLL(None).prctl", (4, 15)
    assert refused(f"{prctl}({dumpable}, 0)") == "-1"
    assert refused(f"{prctl}({dumpable}, 1)") == "0"
    assert refused(f"{prctl}({also}, b'name')") == "0"


@pytest.mark.parametrize("change", [
    "os.chmod(name, 0)", "os.fchmod(os.open(name, os.O_RDONLY), 0)", "os.chmod(name, 0, dir_fd=None)",
    "os.chown(name, 1, 1)", "os.lchown(name, 1, 1)", "os.fchown(os.open(name, os.O_RDONLY), 1, 1)",
    "os.utime(name, (1, 1))", "os.utime(os.open(name, os.O_RDONLY), (1, 1))", "os.setxattr(name, 'user.note', b'1')",
    "fcntl.ioctl(os.open(name, os.O_RDONLY), 0x40086602, (64).to_bytes(8, 'little'))",
])  # fmt: skip
def test_a_file_keeps_its_mode_owner_times_and_attributes(change: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    before = path.stat()
    assert "Error" not in refused(f"[name := {str(path)!r}, {change}][1]")
    after = path.stat()
    same = ("st_mode", "st_uid", "st_gid", "st_mtime_ns", "st_ctime_ns")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert os.listxattr(path) == []


@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors lack some of them")
def test_all_names_are_those_of_system_calls() -> None:
    assert all(map(is_known, FILE_ATTRIBUTES))


@pytest.mark.parametrize("name", [name for name in FILE_ATTRIBUTES if is_known(name)])
def test_each_system_call_on_attributes_does_nothing(name: str) -> None:
    assert refused(f"call('{name}', -1, 0, 0, 0, 0, 0)") == "0"  # let through, it would not bear such arguments


@pytest.mark.parametrize("request_name", FILE_REQUESTS)
def test_each_request_to_a_file_does_nothing(request_name: str) -> None:
    assert refused(f"call('ioctl', -1, {FILE_REQUESTS[request_name]}, 0)") == "0"  # let through: a bad descriptor


def test_attributes_of_files_are_not_looked_after_within_walls(tmp_path: Path) -> None:
    (tmp_path / "file").touch(mode=0o600)
    refused(f"os.chmod({str(tmp_path / 'file')!r}, 0o640)", walled_in=True)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_file_can_still_be_copied_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("text")
    assert refused(f"shutil.copy2({str(tmp_path / 'one')!r}, {str(tmp_path / 'two')!r})") == str(tmp_path / "two")
    assert (tmp_path / "two").read_text() == "text"


@pytest.mark.parametrize("walled_in", [True, False])
def test_no_file_is_leased_so_that_others_wait_for_it(walled_in: bool, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lease = f"fcntl.fcntl(os.open({str(tmp_path / 'file')!r}, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_WRLCK)"
    assert refused(lease, walled_in=walled_in) == "PermissionError"
    assert refused("fcntl.fcntl(1, fcntl.F_GETFL) >= 0") == "True"


@pytest.mark.parametrize("name", [*OTHERS_PRIORITY, "setpriority", "ioprio_set"])
def test_the_priority_of_another_process_stays_as_it_is(name: str) -> None:
    nobody = 2**22 + 1  # no process has such a number: let through, the call would answer ESRCH
    first = "" if name in OTHERS_PRIORITY else "1, " if name == "ioprio_set" else "0, "
    assert refused(f"call('{name}', {first}{nobody}, 8, ctypes.create_string_buffer(64), 0)") == "0"


def test_cores_and_priority_of_the_other_process_are_untouched() -> None:
    mine = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    refused("[os.sched_setaffinity(os.getppid(), {0}), os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)]")
    assert mine == (os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0))
    assert refused("[os.nice(3), os.sched_setaffinity(0, {0}), os.sched_getaffinity(0)][::2]") == "[3, {0}]"


def test_processes_that_are_started_are_behind_it_as_well() -> None:
    assert refused("[os.fork() and os.wait(), socket.socket()]") == "PermissionError\nPermissionError"
