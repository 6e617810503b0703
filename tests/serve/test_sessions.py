"""Sessions: who may have one, how many there are, and how each of them ends."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from backprop_tui import lessons
from backprop_tui.serve.server import Server
from tests.serve.conftest import Served, is_alive, serving

PATIENCE = 60.0


@asynccontextmanager
async def page(served: Served, **headers: str) -> AsyncIterator[ClientWebSocketResponse]:
    """What a page is for the server: a socket."""
    async with (
        ClientSession(headers=headers) as client,
        client.ws_connect(f"{served.address}ws?width=80&height=24") as socket,
    ):
        yield socket


async def read(socket: ClientWebSocketResponse, word: str) -> str:
    """What comes, until that word has come or the server closes."""
    came = b""
    async with asyncio.timeout(PATIENCE):
        while word.encode() not in came:
            message = await socket.receive()
            if message.type is not WSMsgType.BINARY:
                break
            came += message.data
    return came.decode()


async def status(client: ClientSession, address: str) -> int:
    async with client.get(address) as answer:
        return answer.status


def drop(socket: ClientWebSocketResponse) -> None:
    """As a cable that is pulled: no farewell."""
    connection = socket._response.connection
    assert connection
    assert connection.transport
    connection.transport.abort()


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


@pytest.mark.parametrize(
    "nonsense",
    ['"', "17", "[]", '["stdin", 5]', '["resize", {"width": "wide"}]', '["resize", 3]', "[" * 9000],
)
async def test_nonsense_from_a_page_is_dropped(served: Served, nonsense: str) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        await socket.send_str(nonsense)
        await socket.send_json(["stdin", "?"])
        assert "Moving in time" in await read(socket, "Moving in time")


async def test_a_size_beyond_all_screens_is_cut_to_one(served: Served) -> None:
    async with page(served) as socket:
        await read(socket, "X")
        await socket.send_json(["resize", {"width": 10**9, "height": 10**9}])
        await socket.send_json(["stdin", "?"])
        assert "Moving in time" in await read(socket, "Moving in time")


async def test_the_page_of_another_site_gets_no_session(served: Served) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        async with page(served, Origin="https://elsewhere.example"):
            pass
    assert refused.value.status == 403
    async with page(served, Origin=served.address.rstrip("/")) as socket:
        assert "X" in await read(socket, "X")


async def test_one_more_than_the_most_is_told_and_has_a_place_when_one_leaves() -> None:
    with serving("--max-sessions", "1") as served:
        async with ClientSession() as client:
            async with page(served) as socket:
                await read(socket, "X")
                async with page(served) as late:
                    assert "All places are taken" in await read(late, "moment")
                    assert (await late.receive()).type is WSMsgType.CLOSE
                async with client.get(served.address) as answer:
                    assert answer.status == 503
                    assert "All places are taken" in await answer.text()
            async with asyncio.timeout(PATIENCE):
                while await status(client, served.address) != 200:
                    await asyncio.sleep(0.02)
        async with page(served) as socket:
            assert "X" in await read(socket, "X")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_no_session_outlives_the_server(number: signal.Signals) -> None:
    with serving() as served:
        async with page(served) as one, page(served) as other:
            await read(one, "X")
            await read(other, "X")
            sessions = served.sessions()
            assert len(sessions) == 2
            ended = await asyncio.to_thread(served.stop, number)
            await until(lambda: not any(map(is_alive, sessions)))
    assert ended == (-number if number == signal.SIGKILL else 128 + number)


async def test_an_experiment_that_has_become_wrong_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(lessons.text("neuron"))
    with serving(str(file)) as served:
        file.write_text("[network]\nlayers = [0]\n")
        async with page(served) as socket:
            assert "could not be opened" in await read(socket, "again")
            assert (await socket.receive()).type is WSMsgType.CLOSE


async def test_where_no_process_can_be_started_the_page_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def no_room(*arguments: object, **options: object) -> Process:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr("asyncio.create_subprocess_exec", no_room)
    server = Server({"word": "article"}, most=1)
    async with TestClient(TestServer(server.application())) as client:
        socket = await client.ws_connect("/ws")
        assert "could not be opened" in await read(socket, "again")
        assert (await socket.receive()).type is WSMsgType.CLOSE
        await until(lambda: not server.full)


@pytest.mark.parametrize("path", ["page/../server.py", "page/%2e%2e/server.py", "terminal/", "x"])
async def test_no_file_but_the_pages_own_is_served(served: Served, path: str) -> None:
    async with ClientSession() as client, client.get(f"{served.address}{path}") as answer:
        assert answer.status in (403, 404)
