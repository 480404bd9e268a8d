"""The hidden part of every challenge, a folder each: settings and hints, checks, known mistakes, smoke test.

Files of a challenge import each other as `grader.checks.NAME.module`, wherever the folder of challenges lies. All of it
belongs to the parent; a child never sees it.
"""

from grader.challenge import checks_folder

__path__ = [*dict.fromkeys([*__path__, str(checks_folder())])]
