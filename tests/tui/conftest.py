"""The surroundings of a screen under test: nothing of the caller's colours, and nothing moves.

Textual reads these when it is first imported, so they are set here, before any test module is.
"""

import os

from hypothesis import settings

for variable in ("NO_COLOR", "TEXTUAL_THEME", "COLORTERM"):
    os.environ.pop(variable, None)
os.environ["TEXTUAL_ANIMATIONS"] = "none"

settings.register_profile("screen", deadline=None, max_examples=60)
settings.load_profile("screen")
