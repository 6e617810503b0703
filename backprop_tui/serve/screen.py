"""The learner's side of a session: the stepper in a process of its own, its screen in a browser.

It is started by `session`, one process a learner, and talks to the server through its pipes. When
the server is gone, it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import wait
from contextlib import suppress
from itertools import chain
from typing import Any

from textual.app import App
from textual.drivers._byte_stream import ByteStream
from textual.drivers.web_driver import WebDriver
from textual.events import AppFocus, Resize
from textual.message import Message
from textual.messages import ExitApp

from backprop_tui.cli.experiment import decimals_of, opened
from backprop_tui.cli.streams import FINE, WRONG, CommandError, complain
from backprop_tui.files.codes import TooLongError
from backprop_tui.session.saving import code_of, snapshot
from backprop_tui.session.state import Snapshot
from backprop_tui.tui.app import BackpropApp
from backprop_tui.tui.reader import Reader

MOMENT = 1.0
"""Seconds between two looks at where the learner is: no key waits for it."""

LOOK = 0.02
"""Seconds between two looks whether a flood of keys has been dealt with."""
BACKLOG = 256
"""Keys that wait in memory: what comes faster than it can be shown waits in the pipe."""


class SessionDriver(WebDriver):
    """Textual's own, but it has the focus from the start, reads as a terminal's does, and ends with
    the pipe that it reads.

    Its thread reads no faster than the app takes what was read: a flood of keys costs no memory.
    """

    _since_room = 0

    def start_application_mode(self) -> None:
        super().start_application_mode()
        self._app.call_later(self._app.post_message, AppFocus())  # the page takes the keys at once

    def run_input_thread(self) -> None:
        reader, stream = Reader(self._debug), ByteStream()
        with suppress(RuntimeError):  # the loop has ended already
            for data in self._input_reader:
                for kind, said in stream.feed(data) if data else ():
                    if kind == "D":  # whole: an escape is a key, however soon another follows
                        self._take(chain(reader.read(said), reader.idle()))
                    else:
                        self._on_meta(kind, said)
                if not data:
                    self._take(reader.idle())
        self._app.post_message(ExitApp())  # nobody can press a key any more

    def _take(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        if isinstance(message, Resize):  # among the keys: a size within bounds comes beside them
            return
        super().process_message(message)
        self._posted()

    def on_meta(self, packet_type: str, payload: dict[str, object]) -> None:
        super().on_meta(packet_type, payload)
        self._posted()

    def _posted(self) -> None:
        """Now and then, wait until there is room for more: a single key never does."""
        self._since_room += 1
        if self._since_room < BACKLOG:
            return
        self._since_room = 0
        room = asyncio.run_coroutine_threadsafe(self._room(), self._loop)
        while not self.exit_event.is_set() and not room.done():
            wait([room], timeout=LOOK)

    async def _room(self) -> None:
        while waiting(self._app) > BACKLOG:
            await asyncio.sleep(LOOK)


def waiting(app: App[object]) -> int:
    """Messages that nobody has taken yet."""
    return sum(pump.message_queue_size for pump in (app, *app.screen_stack))


class SessionApp(BackpropApp):
    """Tells the page now and then where its learner is, so that a lost session can go on there."""

    _told: Snapshot | None = None

    def on_ready(self) -> None:
        self.set_interval(MOMENT, self.tell)
        self.tell()

    def exit(self, *arguments: Any, **named: Any) -> None:
        self.tell()
        super().exit(*arguments, **named)

    def tell(self) -> None:
        """Where the learner is now, if it is another place than was told."""
        now = snapshot(self.session)
        if isinstance(self._driver, WebDriver) and now != self._told:
            self._told = now
            self._driver.write_meta({"type": "here", **self.here()})

    def here(self) -> dict[str, str]:
        session = self.session
        try:
            code = code_of(session)
        except TooLongError:
            code = ""
        score = session.score.sentence() if session.score else ""
        return {"code": code, "title": session.timeline.experiment.name, "score": score}


def main(argv: Sequence[str]) -> int:
    """Step through the experiment that `argv` describes: one argument, which `session` made."""
    arguments = argparse.Namespace(**json.loads(argv[0]))
    try:
        # Read once more: the experiment's file may be another by now.
        experiment = opened(arguments)
    except CommandError as error:
        complain(*error.faults)
        return WRONG
    app = SessionApp(experiment, decimals_of(arguments, experiment), served=True)
    app.run()
    return app.return_code or FINE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
