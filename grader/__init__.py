"""fine-dropout: the grader behind the `grade` command."""

__version__ = "0.1.0"
