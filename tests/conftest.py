"""The surroundings of every test: nothing of its user's colours or files, nothing that moves, and
no signal that is ignored.

Textual reads these when it is first imported, so they are set here, before any test module is.
"""

import atexit
import gc
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import settings

import backprop_tui

if TYPE_CHECKING:
    from tests.serve.chromium import Chromium

for variable in ("NO_COLOR", "TEXTUAL_THEME", "COLORTERM", "COLUMNS", "LINES"):
    os.environ.pop(variable, None)
os.environ |= {
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "TERM": "xterm-256color",  # whatever the tests are run from
    "OPENBLAS_NUM_THREADS": "1",  # the workers share the cores, and any machine adds up alike
}

# Started in the background or by nohup, the suite ignores these, and so would all that it starts. A
# handler that does nothing protects it just as well, and is not inherited.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)

folder = tempfile.mkdtemp(prefix="backprop-tui-home-")
os.environ |= {"XDG_STATE_HOME": folder, "XDG_CONFIG_HOME": folder}
atexit.register(shutil.rmtree, folder, ignore_errors=True)

# The laws are tried with the same examples everywhere: the suite's verdict is the same on any
# machine, and never one of time. To look for more at random: pytest --hypothesis-profile=explore
settings.register_profile("laws", deadline=None, max_examples=20, derandomize=True, database=None)
settings.register_profile("few", settings.get_profile("laws"), max_examples=8)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("laws")


def pytest_collection(session: pytest.Session) -> None:
    """Workers that have all tests to read begin at different ones: what one of them has compiled,
    with its asserts, the others find as bytecode."""
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    tests = sorted(Path(__file__).parent.rglob("test_*.py"))
    first = int(worker["workerid"].removeprefix("gw")) * len(tests) // worker["workercount"]
    for test in tests[first:] + tests[:first]:
        with suppress(Exception):  # pytest itself tells of it
            import_module(".".join(test.relative_to(session.config.rootpath).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in a browser come first: one worker has them all, and one browser."""
    items.sort(key=lambda item: "browser" not in getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Tests stay: to collect garbage, nobody need look through thousands of them again.

    Hypothesis also draws the constants of the modules at hand: whatever comes first, all are.
    """
    for module in walk_packages(backprop_tui.__path__, f"{backprop_tui.__name__}."):
        import_module(module.name)
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Chromium, by its address: one for all tests."""
    from tests.serve.chromium import chromium  # it takes aiohttp, which few tests need

    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest_asyncio.fixture
async def browser(running: str) -> AsyncIterator["Chromium"]:
    from tests.serve.chromium import tabs_of

    async with tabs_of(running) as tabs:
        yield tabs
