"""How a frame of the wire format begins (see `grader.wire`), for those as well who must not wait for torch to load."""

from __future__ import annotations

import struct

PREFIX = struct.Struct("!II")  # the bytes of the JSON part, the bytes of the tensor part
