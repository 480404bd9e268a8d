"""Where the `grade` command begins: Ctrl-C is made to be quiet before anything else is loaded.

Python answers an early Ctrl-C with a traceback; the system's own way just ends the process. `main` takes over later.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not with nohup or in the background
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from grader.command import run

__all__ = ["run"]
