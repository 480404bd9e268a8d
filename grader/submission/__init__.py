"""The submission as the parent sees it: functions and objects that live in the child, called through a socket.

`process` starts and ends the child and needs no torch, so that the child can load torch while the parent does;
`remote` is what checks work with; `problems` are the things that can happen.
"""
