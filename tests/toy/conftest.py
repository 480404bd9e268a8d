"""The toy challenge: what lies here is graded by the tests of the command, and is none of pytest's own tests."""

collect_ignore_glob = ["*"]
