"""`python -m grader` is the `grade` command."""

import sys

from grader.command import main

sys.exit(main())
