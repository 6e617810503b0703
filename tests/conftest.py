"""No test touches what its user has: the state folder of all of them is one that is thrown away."""

import atexit
import os
import shutil
import tempfile

folder = tempfile.mkdtemp(prefix="backprop-tui-state-")
os.environ["XDG_STATE_HOME"] = folder
atexit.register(shutil.rmtree, folder, ignore_errors=True)
