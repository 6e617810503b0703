"""The surroundings of every test: nothing of its user's colours or files, and nothing moves.

Textual reads these when it is first imported, so they are set here, before any test module is.
"""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

for variable in ("NO_COLOR", "TEXTUAL_THEME", "COLORTERM"):
    os.environ.pop(variable, None)
os.environ |= {
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TERM": "xterm-256color",  # whatever the tests are run from
}

folder = tempfile.mkdtemp(prefix="backprop-tui-state-")
os.environ["XDG_STATE_HOME"] = folder
atexit.register(shutil.rmtree, folder, ignore_errors=True)

# How hard the laws are tried: no deadline, as a machine may be busy with other things.
settings.register_profile("laws", deadline=None, max_examples=60)
settings.load_profile("laws")
