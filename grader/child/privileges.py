"""Root's privileges, given up by the worker where root grades: without this, root may lift every limit again.

What stays is reading files whoever owns them, since submissions belong to other users. See capabilities(7); the numbers
are those of linux/capability.h and linux/prctl.h.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
VERSION_3 = 0x20080522
KEPT = 1 << 2  # CAP_DAC_READ_SEARCH


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Half(ctypes.Structure):
    """32 capabilities of each set; there are two of these."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def give_up_privileges() -> None:
    """Keep nothing of what makes root mighty but the reading of files (Linux, as root; nothing otherwise)."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(64):
        if not KEPT >> capability & 1:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    held = (_Half * 2)()
    header = _Header(VERSION_3, 0)
    libc.capget(ctypes.byref(header), ctypes.byref(held))
    kept = held[0].permitted & KEPT  # none under bubblewrap
    libc.capset(ctypes.byref(header), ctypes.byref((_Half * 2)(_Half(kept, kept, 0))))
