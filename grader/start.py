"""Where the `grade` command begins: what must be settled before anything else is loaded.

Nothing of the learner's may be imported, and Ctrl-C is made to be quiet. Python answers an early Ctrl-C with a
traceback; the system's own way just ends the process. `main` takes over later.
"""

from grader.import_path import import_nothing_of_the_learners

import_nothing_of_the_learners()

import signal  # noqa: E402 - the path must be mended first

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not with nohup or in the background
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from grader.command import run  # noqa: E402

__all__ = ["run"]
