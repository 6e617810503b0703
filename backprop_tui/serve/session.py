"""The server's side of a session: one learner's process, from the first byte to its end.

The packets are textual-serve's. What is added: no shell between, a size within bounds, an end that
cannot hang, and a word to the learner where the process does not come up.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress

from aiohttp import WSMessage, WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

SCREEN = "backprop_tui.serve.screen"
LARGEST = 500, 200
"""Columns and rows: a page may ask for any number, and each cell costs memory."""
NOT_OPENED = (
    "The lesson could not be opened.\r\nWhoever runs the server sees why; then start again.\r\n"
)

logging.getLogger("textual-serve").setLevel(logging.CRITICAL)  # what a process says is enough


class Session(AppService):
    """`experiment`, as the command line names it, in a process that `websocket` shows."""

    def __init__(
        self, experiment: Mapping[str, str | int | None], websocket: web.WebSocketResponse
    ) -> None:
        async def close() -> None:
            await websocket.close()

        super().__init__(
            SCREEN,
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=close,
            download_manager=DownloadManager(),
        )
        self.experiment = experiment
        self._drawn = False

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment: dict[str, str] = super()._build_environment(width, height)
        return environment | {"TEXTUAL_DRIVER": f"{SCREEN}:SessionDriver"}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", SCREEN, json.dumps(dict(self.experiment))),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(*within_bounds(width, height)),
            start_new_session=True,  # ctrl-c is the server's
        )
        self._stdin = process.stdin
        return process

    async def on_data(self, payload: bytes) -> None:
        self._drawn = True
        await super().on_data(payload)

    async def on_meta(self, data: bytes) -> None:
        """Nothing that the process asks of the page is done, as it should ask for nothing: the end
        of the process says enough."""

    async def run(self) -> None:
        """Pass on what the process writes, until it ends; then the page is told."""
        await super().run()
        with suppress(ConnectionError, RuntimeError):  # the page may be gone as well
            if not self._drawn:
                await self.remote_write_bytes(NOT_OPENED.encode())
            await self.remote_close()

    async def take(self, message: WSMessage) -> None:
        """What the page says, passed on; what is no word of its language is dropped."""
        match words_of(message):
            case ["stdin", str(keys)]:
                await self.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(*within_bounds(width, height))
            case ["focus", *_]:
                await self.focus()
            case ["blur", *_]:
                await self.blur()

    async def stop(self) -> None:
        """End the process, whatever it is doing: it keeps nothing, so it needs no farewell."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            process.kill()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await process.communicate()  # its pipes emptied, it is gone


def words_of(message: WSMessage) -> object:
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        return json.loads(message.data)
    except (ValueError, RecursionError):
        return None


def within_bounds(width: int, height: int) -> tuple[int, int]:
    most_columns, most_rows = LARGEST
    return max(1, min(width, most_columns)), max(1, min(height, most_rows))
