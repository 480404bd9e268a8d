"""System calls that are refused to learner code: the network, hands on other processes, and what would outlive it.

seccomp(2) puts a filter before the kernel; a process behind it cannot take it away again. It needs no privilege, and so
it also holds where Landlock is missing or knows too little.
"""

from __future__ import annotations

import errno
import functools
import sys
from contextlib import suppress
from socket import AF_UNIX

if sys.platform == "linux":
    import seccompy

OTHER_PROCESSES = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "perf_event_open",
)  # fmt: skip
OUTLIVING = ("shmget", "semget", "msgget", "mq_open", "add_key", "request_key", "keyctl")
UNCOUNTED_MEMORY = ("memfd_create", "memfd_secret")  # no limit holds it, and `grader.submission.memory` does not see it
AROUND_THE_FILTER = ("io_uring_setup", "bpf", "userfaultfd")  # a ring opens sockets without a system call for each
INT = (1 << 32) - 1  # the half of a register that an int fills
EVERYBODY = INT  # kill(-1, ...): every process that this user may send a signal to
THE_CALLER = 0


@functools.cache
def can_refuse() -> bool:
    """True where there is seccomp: on Linux, on a processor whose system calls the library knows by name."""
    if sys.platform != "linux":
        return False
    try:
        return seccompy.supported() and bool(seccompy.audit_arch())
    except seccompy.SeccompError:
        return False


def refuse_system_calls(*, local_sockets: bool) -> None:
    """Refuse them to this process for good, and to every process that it starts; nothing where it cannot be had.

    Args:
        local_sockets: whether sockets that stay on this machine are allowed.
    """
    if sys.platform != "linux" or not can_refuse():
        return
    refusal = seccompy.Filter()
    for name in (*OTHER_PROCESSES, *OUTLIVING, *UNCOUNTED_MEMORY, *AROUND_THE_FILTER):
        refusal.errno(name, errno.EPERM)
    if local_sockets:
        refusal.allow("socket", args=[_equal(0, AF_UNIX)])
    refusal.errno("socket", errno.EACCES)
    refusal.errno("kill", errno.EPERM, args=[_equal(0, EVERYBODY)])
    refusal.allow("prlimit64", args=[_equal(0, THE_CALLER)])
    refusal.errno("prlimit64", errno.EPERM)
    with suppress(seccompy.SeccompError):  # not allowed here, in some container say
        refusal.load()


def _equal(index: int, value: int) -> seccompy.ArgCmp:
    """The condition that this argument of a system call, an int, has this value."""
    return seccompy.ArgCmp(index, seccompy.CmpOp.MASKED_EQ, value, INT)
