"""Sessions: who may have one, how many there are, and how each of them ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import (
    ClientConnectionResetError,
    ClientError,
    ClientSession,
    ClientWebSocketResponse,
    TCPConnector,
    WSMsgType,
    web,
)
from aiohttp.test_utils import TestClient, TestServer
from textual.app import App
from textual.events import Key
from textual.message import Message
from yarl import URL

from backprop_tui import lessons
from backprop_tui.files.codes import code_of
from backprop_tui.files.experiment_file import load
from backprop_tui.run.timeline import Timeline
from backprop_tui.serve.screen import BACKLOG, LOOK, SessionDriver
from backprop_tui.serve.server import A_FEW, PAGE, Server, runner_of, visitor_at
from backprop_tui.serve.session import LONGEST, Bookmarks, BrowserSession, End
from tests.serve.conftest import Served, is_alive, serving

PATIENCE = 60.0


@asynccontextmanager
async def page(
    served: Served, visitor: str = "127.0.0.1", **said: str
) -> AsyncIterator[ClientWebSocketResponse]:
    """What a page is for the server: a socket."""
    line = TCPConnector(local_addr=(visitor, 0))
    address = URL(f"{served.address}ws").with_query(width="80", height="24", **said)
    async with (
        ClientSession(connector=line) as client,
        client.ws_connect(address) as socket,
    ):
        yield socket


async def read(socket: ClientWebSocketResponse, word: str) -> str:
    """What comes, until that word has come or the server closes."""
    came = b""
    async with asyncio.timeout(PATIENCE):
        while word.encode() not in came:
            message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                continue
            if message.type is not WSMsgType.BINARY:
                break
            came += message.data
    return came.decode()


async def end(socket: ClientWebSocketResponse) -> int | None:
    """How the server says that it ended."""
    async with asyncio.timeout(PATIENCE):
        while not socket.closed:
            await socket.receive()
    return socket.close_code


async def answered(socket: ClientWebSocketResponse) -> None:
    """A page asks whether anybody is there, and there is."""
    await socket.send_json(["ping"])
    async with asyncio.timeout(PATIENCE):
        while (await socket.receive()).data != '["pong"]':
            pass


async def bookmark(served: Served, *keys: str) -> str:
    """What the page of a learner who quits has kept."""
    kept = ""
    async with page(served) as socket, asyncio.timeout(PATIENCE):
        await read(socket, "X")
        for key in (*keys, "q"):
            await socket.send_json(["stdin", key])
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                what, here = json.loads(message.data)
                assert what == "here"
                kept = here["bookmark"]
        assert socket.close_code == End.QUIT
    return kept


async def opened(served: Served, bookmark: str) -> str:
    """The first picture of a session that begins there, or nothing where it has no place."""
    async with page(served, bookmark=bookmark) as socket:
        return await read(socket, "help")


def drop(socket: ClientWebSocketResponse) -> None:
    """As a cable that is pulled: no farewell."""
    connection = socket._response.connection
    assert connection
    assert connection.transport
    connection.transport.abort()


def memory(process: int) -> float:
    """MiB that it occupies (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def bytes_read(process: int) -> int:
    """How much it has read so far (Linux)."""
    return int(Path(f"/proc/{process}/io").read_text().split()[1])


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_connection_that_drops_ends_its_process(served: Served) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        (process,) = served.sessions()
        assert is_alive(process)
        drop(socket)
    await until(lambda: not is_alive(process))


async def test_a_page_that_reads_nothing_more_can_still_be_ended(served: Served) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        (process,) = served.sessions()
        for width in range(60, 160):  # more than the pipe holds, and nobody reads it
            await socket.send_json(["resize", {"width": width, "height": 60}])
        drop(socket)
    await until(lambda: not is_alive(process))


async def test_nonsense_from_a_page_is_dropped_and_a_size_beyond_all_screens_cut_to_one(
    served: Served,
) -> None:
    sizes = ('["resize", {"width": "wide"}]', '["resize", {"width": 1e9, "height": 1000000000}]')
    async with page(served) as socket:
        await read(socket, "X")
        for nonsense in ('"', "17", "[]", '["stdin", 5]', '["resize", 3]', "[" * 9000, *sizes):
            await socket.send_str(nonsense)
            await answered(socket)
        await socket.send_json(["resize", {"width": 10**9, "height": 10**9}])
        await socket.send_json(["stdin", "?"])
        assert "Moving in time" in await read(socket, "Moving in time")


async def test_an_escape_is_a_key_however_soon_another_follows_and_what_is_none_ends_nothing(
    served: Served,
) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        for keys in ("g", "\x1b[:;:u", "\x1b", "?"):
            await socket.send_json(["stdin", keys])
        assert "Moving in time" in await read(socket, "Moving in time")


async def test_a_page_that_leaves_before_it_is_answered_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def left(response: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport
        request.transport.abort()
        raise ClientConnectionResetError("Cannot write to closing transport")

    monkeypatch.setattr(web.WebSocketResponse, "prepare", left)
    server = Server({"word": "article"}, most=1)
    async with TestClient(TestServer(server.application())) as client:
        with pytest.raises(ClientError):
            await client.ws_connect("/ws")
    assert not server.sessions
    assert not caplog.records


async def test_a_flood_of_keys_costs_no_memory_and_leaves_nothing_unanswered(
    served: Served,
) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        (process,) = served.sessions()
        before = memory(process)
        for flood in (" ", "\x1b[<35;10;10M", "\x1b[48;9999;9999;9999;9999t", "\x1b[200~"):
            taken = bytes_read(process)
            while bytes_read(process) < taken + 6_000:
                await socket.send_json(["stdin", flood + " " * 6_000 + flood * 500])
                await answered(socket)
                await asyncio.sleep(0.02)
            assert memory(process) < before + 10
        for _ in range(10):
            await socket.send_json(["stdin", " " * 30_000])
        await answered(socket)
        assert is_alive(process)
        drop(socket)
    await until(lambda: not is_alive(process))


@pytest.mark.parametrize("said", ["key", "focus"])
async def test_who_reads_what_a_page_says_waits_until_the_app_has_taken_it(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy(App[None]):
        message_queue_size = BACKLOG + 1

        async def _post_message(self, message: Message) -> bool:
            return True

    monkeypatch.setattr("textual.drivers.web_driver.InputReader", object)  # there is no pipe
    driver = SessionDriver(app := Busy())

    def read() -> None:
        for _ in range(BACKLOG):
            if said == "key":
                driver.process_message(Key("a", "a"))
            else:
                driver.on_meta(said, {})

    reading = asyncio.create_task(asyncio.to_thread(read))
    done, _ = await asyncio.wait([reading], timeout=10 * LOOK)
    assert not done
    app.message_queue_size = 0
    await asyncio.wait_for(reading, PATIENCE)


async def test_one_more_than_the_most_is_told_and_has_a_place_when_one_leaves() -> None:
    with serving("--max-sessions", "2", "--max-per-address", "1") as served:
        async with page(served) as socket, page(served, visitor="127.0.0.2") as other:
            await read(socket, "X")
            await read(other, "X")
            async with page(served, visitor="127.0.0.3") as late:
                assert await end(late) == End.FULL
            drop(other)
            await until(lambda: len(served.sessions()) == 1)
            async with page(served) as late:
                assert await end(late) == End.CROWDED
        async with asyncio.timeout(PATIENCE):
            while not await opened(served, ""):
                pass


@pytest.mark.parametrize(
    ("host", "each", "most"),
    [("127.0.0.1", None, 40), ("0.0.0.0", None, A_FEW), ("0.0.0.0", 40, 40), ("::1", 3, 3)],
)
def test_how_many_places_an_address_has(host: str, each: int | None, most: int) -> None:
    assert Server({"word": "article"}, 40, host, most_each=each).most_each == most


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_whom_an_address_belongs_to(one: str, other: str, is_same: bool) -> None:
    assert (visitor_at(one) == visitor_at(other)) == is_same


async def test_a_page_that_comes_again_takes_its_own_place() -> None:
    with serving("--max-sessions", "1") as served:
        async with page(served, page="mine") as lost:
            await read(lost, "X")
            (process,) = served.sessions()
            async with page(served, page="another's") as late:
                assert await end(late) == End.FULL
            async with page(served, page="mine") as again:
                assert "X" in await read(again, "X")
                assert not is_alive(process)
                await lost.send_json(["stdin", " "])  # it moves nothing any more
                await again.send_json(["stdin", "?"])
                assert "Moving in time" in await read(again, "Moving in time")


async def test_it_asks_as_the_teacher_has_said() -> None:
    with serving("mazur", "--ask", "vote") as served:
        async with page(served) as socket:
            await read(socket, "Press space")
            await socket.send_json(["stdin", " "])
            assert "= ?" in await read(socket, "Show one to four fingers")


# Where a page has been -----------------------------------------------------------------------


async def test_a_bookmark_opens_where_it_was_made(served: Served) -> None:
    kept = await bookmark(served, " ", " ")
    assert "step 2" in await opened(served, kept)


async def test_only_what_this_server_has_said_is_opened(served: Served) -> None:
    timeline, server = Timeline(load("mazur")), Server({"word": "article"}, most=1)
    code = code_of(timeline.experiment, timeline.end_of(3))
    for forged in (code, f"{code}.", f"{code}.00", ".", "é.é", "%ED%A0%80", "x" * 3000):
        assert server.begins(forged) == server.begins("") == server.experiment
    assert server.begins(server._bookmarks.of(code)) != server.experiment
    assert "article" in await opened(served, "é.é")


async def test_a_file_that_was_written_anew_is_opened_anew(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(lessons.text("neuron"))
    with serving(str(file)) as served:
        kept = await bookmark(served)
        assert "2-1" in await opened(served, kept)
        file.write_text(lessons.text("one-input"))
        os.utime(file, ns=(0, 0))
        assert "3-3-1" in await opened(served, kept)


def test_a_code_that_fits_into_no_address_has_no_bookmark() -> None:
    bookmarks = Bookmarks("article")
    assert bookmarks.code_in(bookmarks.of("1" * LONGEST)) == "1" * LONGEST
    assert bookmarks.of("1" * (LONGEST + 1)) == bookmarks.of("") == ""
    assert Bookmarks("article").code_in(bookmarks.of("1")) is None


# How it ends ---------------------------------------------------------------------------------


async def test_a_process_that_is_killed_has_failed(served: Served) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        (process,) = served.sessions()
        os.kill(process, signal.SIGKILL)
        assert await end(socket) == End.FAILED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_no_session_outlives_the_server(number: signal.Signals) -> None:
    with serving() as served:
        async with page(served) as socket:
            await read(socket, "X")
            sessions = served.sessions()
            assert len(sessions) == 1
            ended = await asyncio.to_thread(served.stop, number)
            await until(lambda: not any(map(is_alive, sessions)))
    assert ended == (-number if number == signal.SIGKILL else 128 + number)


async def test_a_server_that_is_stopped_says_so_even_where_one_page_sleeps() -> None:
    with serving() as served:
        async with page(served) as asleep, page(served) as socket:
            await read(asleep, "X")
            await read(socket, "X")
            sessions = served.sessions()
            assert len(sessions) == 2
            for width in range(60, 160):  # more than its socket holds, and it reads nothing
                await asleep.send_json(["resize", {"width": width, "height": 60}])
            stopping = asyncio.create_task(asyncio.to_thread(served.stop))
            assert await end(socket) == End.STOPPED
            async with asyncio.timeout(PATIENCE / 4):
                assert await stopping == 128 + signal.SIGTERM
            await until(lambda: not any(map(is_alive, sessions)))


def test_the_page_has_words_for_every_end() -> None:
    line, words = ((PAGE / f"{name}.js").read_text() for name in ("line", "page"))
    for end in End:
        assert f'{end.value}: "{end.name.lower()}"' in line
        assert f'  {end.name.lower()}: "' in words


async def test_an_experiment_that_has_become_wrong_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(lessons.text("neuron"))
    with serving(str(file)) as served:
        file.write_text("[network]\nlayers = [0]\n")
        async with page(served) as socket:
            assert await end(socket) == End.UNOPENED


async def opens_nothing() -> None:
    """A page is told that it has no session, and its place is free again."""
    server = Server({"word": "article"}, most=1)
    async with TestClient(TestServer(server.application())) as client:
        socket = await client.ws_connect("/ws")
        assert await end(socket) == End.UNOPENED
        await until(lambda: not server.sessions)


async def test_a_process_that_has_ended_before_anything_was_read_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start = asyncio.create_subprocess_exec

    async def ended(*_: object, **options: Any) -> Process:
        process = await start(sys.executable, "-c", "raise SystemExit('lost')", **options)
        await process.wait()  # its pipes are at their end by then
        return process

    monkeypatch.setattr("asyncio.create_subprocess_exec", ended)
    await opens_nothing()
    assert capfd.readouterr() == ("", "lost\n")


async def test_where_no_process_can_be_started_the_page_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_room(*arguments: object, **options: object) -> Process:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr("asyncio.create_subprocess_exec", no_room)
    await opens_nothing()


async def test_stopping_ends_the_process_whatever_its_task_has_met(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fails(session: BrowserSession) -> None:
        raise BrokenPipeError("the page has reset its connection")

    monkeypatch.setattr(BrowserSession, "run", fails)
    session = BrowserSession({"word": "article"}, web.WebSocketResponse(), str, lambda: None)
    await session.start(80, 24)
    process = session._process
    assert process
    await session.stop()
    assert process.returncode is not None


async def test_a_session_frees_its_place_whatever_its_end_is_like(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[Process | None] = []

    async def fails(session: BrowserSession) -> None:
        started.append(session._process)
        raise BrokenPipeError("the page has reset its connection")

    monkeypatch.setattr(BrowserSession, "run", fails)
    server = Server({"word": "article"}, most=1)
    async with TestClient(TestServer(server.application())) as client:
        socket = await client.ws_connect("/ws")
        await until(lambda: started)
        drop(socket)
        await until(lambda: not server.sessions)
        (process,) = started
        assert process
        await until(lambda: process.returncode is not None)
    assert not caplog.records


HANDSHAKE = (
    "GET /ws?width=500&height=200 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {'A' * 22}==\r\n"
)


@pytest.mark.parametrize(
    "request_", [HANDSHAKE, "GET /terminal/js/textual.js HTTP/1.1\r\nHost: localhost\r\n"]
)
async def test_a_visitor_who_reads_nothing_keeps_no_place(
    request_: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("backprop_tui.serve.server.HEARTBEAT", 600.0)
    monkeypatch.setattr("backprop_tui.serve.server.UNFINISHED", 600.0)
    monkeypatch.setattr("backprop_tui.serve.server.DELIVERED", 0.2)
    monkeypatch.setattr("backprop_tui.serve.session.UNREAD", 0.2)
    served = Server({"word": "article"}, most=1)
    runner = runner_of(served)
    await runner.setup()
    with small(socket.socket()) as listening, small(socket.socket()) as visitor:
        listening.bind(("127.0.0.1", 0))
        await web.SockSite(runner, listening).start()
        visitor.connect(listening.getsockname())
        visitor.sendall(f"{request_}\r\n".encode())
        assert runner.server
        connected = runner.server
        await until(lambda: connected.connections)
        if request_ == HANDSHAKE:
            await until(lambda: served.sessions)
        await until(lambda: not connected.connections)
        await until(lambda: not served.sessions)
        await runner.cleanup()
    assert not caplog.records


def small(one: socket.socket) -> socket.socket:
    """A socket with little room for what is not read yet."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return one


@pytest.mark.parametrize(
    "path",
    ["page/../server.py", "page/%2e%2e/server.py", "terminal/", "x", f"page/{'a' * 8000}"],
)
async def test_no_file_but_the_pages_own_is_served(served: Served, path: str) -> None:
    async with ClientSession() as client, client.get(f"{served.address}{path}") as answer:
        assert answer.status in (403, 404)
