"""Submissions that look for the checks, the solutions or the reference, or for a way out of their process.

Each goes on with the right answer where it finds what it looks for.
"""

from __future__ import annotations

from grader.verdict import Outcome
from tests.hostile.hostile import PICK_DEVICE, Hostile, in_turn, side_by_side

TARGETS = in_turn()
SIGNALS = 6  # the version of Landlock that knows them; files came with 1, connections with 4
REFUSED = "PermissionError|Permission denied|Operation not permitted|FileNotFoundError|No such (file|process)"
NO_WAY_OUT = "refused|unreachable|Permission denied|not permitted"
NOTHING = "AssertionError: nothing is there"


def reads(name: str, code: str, message: str = REFUSED) -> Hostile:
    return Hostile(name, next(TARGETS), Outcome.ERROR, message, before=code, landlock=SIGNALS)


def looks(name: str, found: str, imports: str) -> Hostile:
    code = f"import {imports}\nassert {found}, 'nothing is there'"
    return Hostile(name, next(TARGETS), Outcome.ERROR, NOTHING, before=code)


PARENTS_MEMORY = "import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(1)"
PARENTS_OUTPUT = "import os\nopen(f'/proc/{os.getppid()}/fd/1', 'w').write('{\"passed\": true}')"
FOREIGN = """
import os
foreign = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
open(f"/proc/{max(foreign)}/environ", "rb").read()
"""
PTRACE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.ptrace(16, os.getppid(), 0, 0) != 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""
READV = """
import ctypes, os
class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
libc = ctypes.CDLL(None, use_errno=True)
into, start = ctypes.create_string_buffer(8), ctypes.CDLL(None).getenv
here = Piece(ctypes.addressof(into), 8)
there = Piece(ctypes.cast(start, ctypes.c_void_p).value, 8)
if libc.process_vm_readv(os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""
DATAGRAM = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as letters:
    letters.sendto(b"the seed is", ("127.0.0.1", $port))
"""
RAISES_LIMITS = """
import resource
resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2)
"""
LIMITS_OF_THE_PARENT = """
import os, resource
resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (3, 3))
"""
SIGNAL_TO_EVERYBODY = "import os, signal\nos.kill(-1, signal.SIGCONT)"
SHARED_MEMORY = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
if libc.shmget(0, 1 << 20, 0o1600) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""

ROWS = (
    reads("reads the hidden checks", "open('$grader/checks/challenge5/test_devices.py').read()"),
    Hostile("lists the hidden checks", PICK_DEVICE, Outcome.ERROR, NOTHING, isolations=("bwrap",),
            before="import os\nassert os.listdir('$grader/checks'), 'nothing is there'"),
    reads("reads the solutions", "exec(open('$project/solutions/challenge5/devices.py').read())"),
    reads("reads the stubs of another folder", "open('$project/challenges/challenge5/devices.py').read()"),
    reads("imports the reference", "import importlib\nimportlib.import_module('grader.checks.challenge5.reference')",
          "ModuleNotFoundError|PermissionError"),
    looks("looks for the checks in sys.modules",
          "[n for n in sys.modules if 'checks' in n or n.startswith(('grader', 'hypothesis', '_pytest'))]", "sys"),
    looks("looks for the checks among all objects",
          "[o for o in gc.get_objects() if str(type(o).__module__).startswith('grader.check')]", "gc"),
    looks("looks for a path or the seed in its environment",
          "[v for n, v in os.environ.items() if '$project' in v or 'SEED' in n or 'GRADE' in n]", "os"),
    looks("looks for the parent's arguments among its own", "[a for a in sys.orig_argv if '$project' in a]", "sys"),
    looks("looks for files that are left open",
          "[f for f in os.listdir('/proc/self/fd') if os.path.isfile('/proc/self/fd/' + f)]", "os"),
    reads("reads the memory of its parent", PARENTS_MEMORY),
    reads("writes to the output of its parent", PARENTS_OUTPUT),
    reads("reads the environment of other processes", FOREIGN, REFUSED + "|ValueError: max"),
    reads("attaches a debugger to its parent", PTRACE),
    reads("copies the memory of its parent", READV),
    reads("kills its parent", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    reads("stops its parent", "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)"),
    reads("takes descriptors away from its parent", LIMITS_OF_THE_PARENT),
    reads("sends a signal to everybody", SIGNAL_TO_EVERYBODY),
    reads("leaves memory behind that belongs to no process", SHARED_MEMORY),
    reads("takes a file in memory", "import os\nos.memfd_create('x')"),
    reads("raises its own limit of memory", RAISES_LIMITS, "ValueError: not allowed|Permission|not permitted"),
    reads("calls a server on this machine", "import socket\nsocket.create_connection(('127.0.0.1', $port), 2)",
          NO_WAY_OUT),
    reads("sends a letter over the network", DATAGRAM, NO_WAY_OUT),
    reads("opens a port of its own", "import socket\nsocket.create_server(('127.0.0.1', 0))",
          "not permitted|Permission denied|AssertionError"),
    reads("reads standard input", "input()", "EOFError"),
    looks("reads the descriptor of standard input", "os.read(0, 99)", "os"),
    reads("reads the terminal", "open('/dev/tty').read()", REFUSED + "|No such device"),
)  # fmt: skip

ESCAPES = side_by_side("escapes", ROWS)
