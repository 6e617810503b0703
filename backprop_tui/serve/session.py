"""The server's side of a session: one learner's process, from the first byte to its end.

The packets are textual-serve's. What is added: no shell between, a size within bounds, an end that
cannot hang, and a word to the page on how it ended.

A page keeps where its learner has come as a bookmark: a code with a signature. Whoever writes codes
of their own could have any network computed here: only what this server has said is opened.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import IntEnum
from hmac import compare_digest, digest
from typing import TypeVar

from aiohttp import WSMessage, WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from backprop_tui.files.codes import SHORT

T = TypeVar("T")

SCREEN = "backprop_tui.serve.screen"
LARGEST = 500, 200
"""Columns and rows: a page may ask for any number, and each cell costs memory."""
END_OF_PASTE = "\x1b[201~"
LONGEST_PASTE = 1 << 16
"""Characters: the process keeps a paste in memory until its end comes."""
UNREAD = 10.0
"""Seconds in which a page must have read what it is sent, but for a few kB: else it is dropped."""
FAREWELL = 1.0
"""Seconds that a page has to answer the end: one that sleeps holds nothing up."""


class End(IntEnum):
    """How a session ended, as its socket is closed; the page's `line.js` knows the same numbers."""

    QUIT = 4000
    FAILED = 4001
    UNOPENED = 4002
    FULL = 4003
    STOPPED = 4004
    CROWDED = 4005


logging.getLogger("textual-serve").setLevel(logging.CRITICAL)  # what a process says is enough


class BrowserSession(AppService):
    """`experiment`, as the command line names it, in a process that `page` shows.

    `bookmark` makes of a code what a page may keep; `drop` ends its connection at once; `name` is
    the page's own, which it has for as long as it is loaded; `visitor` is whom it counts for.
    """

    def __init__(
        self,
        experiment: Mapping[str, str | int | None],
        page: web.WebSocketResponse,
        bookmark: Callable[[str], str],
        drop: Callable[[], None],
        name: str = "",
        visitor: str = "",
    ) -> None:
        self._drop = drop
        super().__init__(
            SCREEN,
            write_bytes=self._in_time(page.send_bytes),
            write_str=self._in_time(page.send_str),
            close=self._closed,
            download_manager=DownloadManager(),
        )
        self.experiment, self.name, self.visitor = experiment, name, visitor
        self._page, self._bookmark, self._drawn = page, bookmark, False
        self._since_end = 0

    def _in_time(self, send: Callable[[T], Awaitable[None]]) -> Callable[[T], Awaitable[None]]:
        """What sends, but drops a page that reads too slowly: its place is free then."""

        async def sent(words: T) -> None:
            try:
                async with asyncio.timeout(UNREAD):
                    await send(words)
            except TimeoutError:
                self._drop()

        return sent

    async def _closed(self) -> None:
        """Nothing more: the end of the process says that it has ended."""

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environment: dict[str, str] = super()._build_environment(width, height)
        return environment | {"TEXTUAL_DRIVER": f"{SCREEN}:SessionDriver"}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", SCREEN, json.dumps(dict(self.experiment))),
            stdin=PIPE,
            stdout=PIPE,
            env=self._build_environment(*within_bounds(width, height)),
            start_new_session=True,  # ctrl-c is the server's
        )
        self._stdin = process.stdin
        return process

    async def on_data(self, payload: bytes) -> None:
        self._drawn = True
        await super().on_data(payload)

    async def on_meta(self, data: bytes) -> None:
        """Where the learner is, told to the page; nothing else that a process asks is done."""
        match json.loads(data):
            case {"type": "here", "code": str(code), "title": str(title), "score": str(score)}:
                here = {"title": title, "score": score, "bookmark": self._bookmark(code)}
                told = here | {"code": code if len(code) <= SHORT else ""}
                await self.remote_write_str(json.dumps(["here", told]))

    async def run(self) -> None:
        """Pass on what the process writes, until it ends; then the page is told how."""
        process, task = self._process, asyncio.current_task()
        if process is None or task is None:
            return
        process.stderr = asyncio.StreamReader()  # its faults are said at once, as the server's are
        process.stderr.feed_eof()
        with suppress(asyncio.CancelledError):  # raised, too, where all was over beforehand
            await super().run()
        process.stderr = None
        if task.cancelling():  # whoever ends it tells the page
            return
        status = await process.wait()
        if not self._drawn:
            await part(self._page, End.UNOPENED)
        else:
            await part(self._page, End.FAILED if status else End.QUIT)

    async def take(self, message: WSMessage) -> None:
        """What the page says, passed on; what is no word of its language is dropped.

        Dropped too while the process has a pipe full of keys to read: no hand is that fast, and
        neither this server nor the end of the session waits for it.
        """
        if self._process is None:
            return
        match words_of(message):
            case ["ping", *_]:
                with suppress(ConnectionError):
                    await self.remote_write_str('["pong"]')
            case _ if self.stdin.transport.get_write_buffer_size():
                return
            case ["stdin", str(keys)]:
                await self.send_bytes(self._with_an_end(keys).encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await self.set_terminal_size(*within_bounds(width, height))
            case ["focus", *_]:
                await self.focus()
            case ["blur", *_]:
                await self.blur()

    def _with_an_end(self, keys: str) -> str:
        """Keys as they are, but now and then with the end of a paste, if one was left open."""
        self._since_end += len(keys)
        if self._since_end <= LONGEST_PASTE:
            return keys
        self._since_end = 0
        return keys + END_OF_PASTE

    async def stop(self) -> None:
        """End the process, whatever it is doing: it keeps nothing, so it needs no farewell."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            process.kill()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)  # whatever it met is over
        await process.communicate()  # its pipes emptied, it is gone


async def part(page: web.WebSocketResponse, how: End) -> None:
    """Close the page's socket, if it has not left by itself."""
    with suppress(ConnectionError, RuntimeError, TimeoutError):
        async with asyncio.timeout(FAREWELL):
            await page.close(code=how)


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


LONGEST = 4_000
"""Characters of a code that a page is given: its bookmark comes back in an address."""


class Bookmarks:
    """Those of one server, for `word` as its command line names it: a lesson, or a file."""

    def __init__(self, word: str) -> None:
        self._word, self._secret = word, secrets.token_bytes(32)

    def of(self, code: str) -> str:
        """The bookmark of a code, or nothing where it is too long."""
        return f"{code}.{self._signature(code)}" if code and len(code) <= LONGEST else ""

    def code_in(self, bookmark: str) -> str | None:
        """The code in a bookmark that was made here."""
        code, _, signature = bookmark.partition(".")
        made_here = bookmark.isascii() and compare_digest(signature, self._signature(code))
        return code if made_here else None

    def _signature(self, code: str) -> str:
        """Another one when the file was written since: its author wants that to be seen."""
        try:
            written = os.stat(self._word).st_mtime_ns
        except OSError:  # a lesson, or a file that is gone
            written = 0
        return digest(self._secret, f"{written} {code}".encode(), "sha256").hex()
