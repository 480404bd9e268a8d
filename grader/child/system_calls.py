"""System calls that are refused to learner code: the network, hands on other processes, and what would outlive it.

seccomp(2) puts a filter before the kernel; a process behind it cannot take it away again. It needs no privilege, and so
it also holds where Landlock is missing or knows too little: Landlock does not look after a file's mode, owner, times
and attributes.

What well-meant code calls as well, such as chmod() within shutil.copy(), is not refused but does nothing.
"""

from __future__ import annotations

import errno
import functools
import sys
from contextlib import suppress
from socket import AF_UNIX, SOCK_STREAM

if sys.platform == "linux":
    import seccompy

OTHER_PROCESSES = (
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "perf_event_open",
)  # fmt: skip
OUTLIVING = ("shmget", "semget", "msgget", "mq_open", "add_key", "request_key", "keyctl")
UNCOUNTED_MEMORY = ("memfd_create", "memfd_secret")  # no limit holds it, and `grader.submission.memory` does not see it
# File systems of one's own, in memory that nobody counts, for which one needs namespaces of one's own.
NAMESPACES = ("unshare", "setns", "mount", "move_mount", "open_tree", "fsopen", "fsmount", "pivot_root", "chroot")
OTHERS_PRIORITY = ("sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity")
FILE_ATTRIBUTES = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "utime", "utimes", "futimesat", "utimensat", "file_setattr",
    "setxattr", "lsetxattr", "fsetxattr", "setxattrat", "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
)  # fmt: skip
AROUND_THE_FILTER = ("io_uring_setup", "bpf", "userfaultfd")  # a ring opens sockets without a system call for each
INT = (1 << 32) - 1  # the half of a register that an int fills
KIND_OF_SOCKET = 0xF  # of socketpair's second argument; the rest are flags
EVERYBODY = INT  # kill(-1, ...): every process that this user may send a signal to
THE_CALLER = 0
ONE_PROCESS = {"setpriority": 0, "ioprio_set": 1}  # as first argument: the second is a process, 0 for the caller
# Of fcntl, in linux/fcntl.h. Everybody else's open() of a leased file waits, for 45 s as a rule.
F_SETLEASE, F_NOTIFY = 1024, 1026
PR_SET_DUMPABLE, NOT_DUMPABLE = 4, 0  # of prctl, in linux/prctl.h: nobody else could list the open files of the process
FILE_REQUESTS = {  # of ioctl, from linux/fs.h and fsverity.h; none of them asks for a file that is open for writing
    "FS_IOC_SETFLAGS": 0x4008_6602,
    "FS_IOC_FSSETXATTR": 0x401C_5820,
    "FS_IOC_SETVERSION": 0x4008_7602,
    "FS_IOC_ENABLE_VERITY": 0x4080_6685,
}
NOTHING = 0  # as the error: the call succeeds, and nothing is done


@functools.cache
def can_refuse() -> bool:
    """True where there is seccomp: on Linux, on a processor whose system calls the library knows by name."""
    if sys.platform != "linux":
        return False
    try:
        return seccompy.supported() and bool(seccompy.audit_arch())
    except seccompy.SeccompError:
        return False


def refuse_system_calls(*, walled_in: bool) -> None:
    """Refuse them to this process for good, and to every process that it starts; nothing where it cannot be had.

    Args:
        walled_in: other walls stand around it, so that local sockets lead nowhere and no file can be changed.
    """
    if sys.platform != "linux" or not can_refuse():
        return
    refusal = seccompy.Filter()
    for name in (*OTHER_PROCESSES, *OUTLIVING, *UNCOUNTED_MEMORY, *NAMESPACES, *AROUND_THE_FILTER):
        refusal.errno(name, errno.EPERM)
    if walled_in:
        refusal.allow("socket", args=[_equal(0, AF_UNIX)])
    else:
        # Of a pair, too, datagram sockets can send to any address, and so to the user's other programs.
        refusal.allow("socketpair", args=[seccompy.ArgCmp(1, seccompy.CmpOp.MASKED_EQ, SOCK_STREAM, KIND_OF_SOCKET)])
        refusal.errno("socketpair", errno.EACCES)
        _keep_file_attributes(refusal)
    refusal.errno("socket", errno.EACCES)
    refusal.errno("kill", errno.EPERM, args=[_equal(0, EVERYBODY)])
    refusal.allow("prlimit64", args=[_equal(0, THE_CALLER)])
    refusal.errno("prlimit64", errno.EPERM)
    refusal.errno("prctl", errno.EPERM, args=[_equal(0, PR_SET_DUMPABLE), _equal(1, NOT_DUMPABLE)])
    for command in (F_SETLEASE, F_NOTIFY):
        refusal.errno("fcntl", errno.EPERM, args=[_equal(1, command)])
    _keep_priorities(refusal)
    with suppress(seccompy.SeccompError):  # not allowed here, in some container say
        refusal.load()


def _keep_file_attributes(refusal: seccompy.Filter) -> None:
    for name in FILE_ATTRIBUTES:
        with suppress(ValueError):  # ARM64 has none of the older ones
            refusal.errno(name, NOTHING)
    for request in FILE_REQUESTS.values():
        refusal.errno("ioctl", NOTHING, args=[_equal(1, request)])


def _keep_priorities(refusal: seccompy.Filter) -> None:
    """Let a process set its own priority and cores only."""
    for name in OTHERS_PRIORITY:
        refusal.allow(name, args=[_equal(0, THE_CALLER)])
        refusal.errno(name, NOTHING)
    for name, one_process in ONE_PROCESS.items():
        refusal.allow(name, args=[_equal(0, one_process), _equal(1, THE_CALLER)])
        refusal.errno(name, NOTHING)


def _equal(index: int, value: int) -> seccompy.ArgCmp:
    """The condition that this argument of a system call, an int, has this value."""
    return seccompy.ArgCmp(index, seccompy.CmpOp.MASKED_EQ, value, INT)
