"""The submission as the parent sees it: functions and objects that live in the child, called through a socket."""

from grader.submission.problems import CheckAborted, LearnerError
from grader.submission.remote import Answer, RemoteFunction, RemoteObject, Submission

__all__ = ["Answer", "CheckAborted", "LearnerError", "RemoteFunction", "RemoteObject", "Submission"]
