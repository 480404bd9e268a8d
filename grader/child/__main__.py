"""Entry point of the child: `python -I -m grader.child DESCRIPTOR`, started by the parent and by nobody else."""

from __future__ import annotations

import os
import socket
import sys

from grader.child.nursery import run_nursery

run_nursery(socket.socket(fileno=int(sys.argv[1])))
os._exit(0)  # torch would take its time to unload, and there is nothing to save
