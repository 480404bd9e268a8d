"""The hostile submissions, by what they do."""

from tests.hostile.gallery.afterwards import AFTERWARDS
from tests.hostile.gallery.ends import ENDS
from tests.hostile.gallery.escapes import ESCAPES
from tests.hostile.gallery.files import FILES
from tests.hostile.gallery.forged_replies import FORGED_REPLIES
from tests.hostile.gallery.hangs import HANGS
from tests.hostile.gallery.lies import LIES
from tests.hostile.gallery.memory import MEMORY
from tests.hostile.gallery.odd_tensors import ODD_TENSORS
from tests.hostile.gallery.patches import PATCHES
from tests.hostile.gallery.shadows import SHADOWS

GALLERY = (
    *ENDS, *HANGS, *MEMORY, *PATCHES, *LIES, *ODD_TENSORS, *FORGED_REPLIES, *SHADOWS, *FILES, *ESCAPES, *AFTERWARDS,
)  # fmt: skip

__all__ = ["GALLERY"]
