"""Which names a server answers to, and what protects its page, over real sockets."""

from __future__ import annotations

import asyncio
import re
import resource
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from aiohttp import ClientSession, WSServerHandshakeError, web

from backprop_tui.__main__ import main
from backprop_tui.serve import server
from backprop_tui.serve.server import host_name
from tests.serve.conftest import Served, serving

PROXY = ("--allow-host", "Lessons.example", "--allow-host", "bücher.example")


@pytest.fixture(scope="module")
def behind_proxy() -> Iterator[Served]:
    with serving(*PROXY) as server:
        yield server


async def answer(served: Served, request: str, address: str = "127.0.0.1") -> str:
    """All that comes back for a request, written as it goes over the wire."""
    reading, writing = await asyncio.open_connection(address, served.port)
    writing.write(request.replace("\n", "\r\n").encode("utf-8", "surrogateescape"))
    async with asyncio.timeout(60):
        told = await reading.read()
    writing.close()
    await writing.wait_closed()
    return told.decode()


async def status(served: Served, host: str | None, path: str = "/") -> int:
    named = "" if host is None else f"Host: {host.replace('PORT', str(served.port))}\n"
    told = await answer(served, f"GET {path} HTTP/1.1\n{named}Connection: close\n\n")
    return int(told.split()[1])


async def opens(served: Served, host: str, origin: str | None) -> int:
    """The status of a page's socket under that name: 101 where there is a session."""
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    named = {name: said.replace("PORT", str(served.port)) for name, said in headers.items()}
    try:
        async with (
            ClientSession(headers=named) as client,
            client.ws_connect(f"http://127.0.0.1:{served.port}/ws"),
        ):
            return 101
    except WSServerHandshakeError as refused:
        return refused.status


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST", "localhost.", "[::1]:PORT", "127.0.0.1:80"],
)
@pytest.mark.parametrize("path", ["/", "/page/page.js", "/terminal/js/textual.js"])
async def test_its_own_names_are_answered(served: Served, host: str, path: str) -> None:
    assert await status(served, host, path) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:PORT",
        "localhost.evil.example",
        "127.0.0.1.evil.example:PORT",
        "evil@localhost",
        "localhost:PORT@evil.example",
        "localhost evil.example",
        "192.0.2.1",
        "[::2]",
        "lessons.example",
        "",
        None,
    ],
)
@pytest.mark.parametrize("path", ["/", "/ws", "/page/page.js", "/nothing"])
async def test_another_name_is_not(served: Served, host: str | None, path: str) -> None:
    assert await status(served, host, path) in (400, 421)


async def test_who_comes_under_another_name_is_told_so_on_one_line(served: Served) -> None:
    told = await answer(served, "GET / HTTP/1.1\nHost: evil.example\nConnection: close\n\n")
    head, _, body = told.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 421 ")
    assert "text/plain" in head
    assert body == (
        'This server does not answer to the name "evil.example". '
        "Whoever runs it can allow a name with --allow-host NAME.\n"
    )


@pytest.mark.parametrize(
    "host", ["lessons.example", "LESSONS.EXAMPLE:443", "xn--bcher-kva.example"]
)
async def test_a_name_that_was_allowed_is_answered(behind_proxy: Served, host: str) -> None:
    assert await status(behind_proxy, host) == 200
    assert await opens(behind_proxy, host, f"https://{host}") == 101


@pytest.mark.parametrize("host", ["evil.example", "www.lessons.example", "lessons.example.evil"])
async def test_no_other_name_is_allowed_with_it(behind_proxy: Served, host: str) -> None:
    assert await status(behind_proxy, host) == 421
    assert await opens(behind_proxy, host, f"https://{host}") == 421


async def test_the_name_it_was_given_and_those_of_this_machine_are_answered() -> None:
    with serving("--host", "0.0.0.0") as served:
        name = socket.gethostname()
        for host in ("0.0.0.0:PORT", "127.0.0.1", name, f"{name.split('.')[0]}.local:PORT"):
            assert await status(served, host) == 200, host
        # An address of this machine is one that it was reached at.
        get = "GET / HTTP/1.1\nHost: 127.0.0.2\nConnection: close\n\n"
        assert "421" in (await answer(served, get)).split("\r\n")[0]
        assert "200" in (await answer(served, get, "127.0.0.2")).split("\r\n")[0]
        assert await status(served, "evil.example") == 421
    with serving() as served:
        assert await status(served, f"{name}.evil") == 421


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT", 101),
        ("localhost:PORT", "http://localhost:PORT", 101),
        ("localhost:PORT", None, 101),  # no browser
        ("localhost:PORT", "http://127.0.0.1:PORT", 403),
        ("localhost:PORT", "http://localhost:1", 403),  # another server of this machine
        ("localhost:PORT", "https://lessons.example", 403),
        ("localhost:PORT", "http://evil.example", 403),
        ("localhost:PORT", "http://localhost:PORT.evil.example", 403),
        ("localhost:PORT", "null", 403),
        ("localhost:PORT", "http://[", 403),  # no address
        ("evil.example:PORT", "http://evil.example:PORT", 421),  # DNS rebinding
    ],
)
async def test_a_session_is_for_pages_of_an_accepted_name(
    served: Served, host: str, origin: str | None, expected: int
) -> None:
    assert await opens(served, host, origin) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [("https://lessons.example", 101), ("https://evil.example", 403), ("null", 403)],
)
async def test_a_proxy_may_call_it_by_another_name_than_the_page(
    behind_proxy: Served, origin: str, expected: int
) -> None:
    assert await opens(behind_proxy, "127.0.0.1:PORT", origin) == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n", "200"),
        ("GET /page/line.js HTTP/1.1\nHost: localhost\nConnection: close\n\n", "200"),
        ("GET /nothing HTTP/1.1\nHost: localhost\nConnection: close\n\n", "404"),
        ("POST / HTTP/1.1\nHost: localhost\nConnection: close\n\n", "405"),
        ("GET /ws HTTP/1.1\nHost: localhost\nConnection: close\n\n", "400"),
        ("GET /ws HTTP/1.1\nHost: localhost\nOrigin: null\nConnection: close\n\n", "403"),
        ("GET / HTTP/1.1\nHost: evil.example\nConnection: close\n\n", "421"),
    ],
)
async def test_every_answer_protects_its_page(served: Served, request_: str, expected: str) -> None:
    head, _, _ = (await answer(served, request_)).partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): said for name, _, said in (line.partition(": ") for line in lines)}
    assert first.split()[1] == expected
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["server"] == "backprop-tui"


async def test_a_page_s_socket_is_answered_with_them_too(served: Served) -> None:
    async with (
        ClientSession() as client,
        client.ws_connect(f"http://127.0.0.1:{served.port}/ws") as page,
    ):
        assert page._response.headers["X-Frame-Options"] == "DENY"
        assert page._response.headers["Server"] == "backprop-tui"


async def test_a_malformed_request_learns_no_version_and_is_told_of_in_a_line() -> None:
    with serving() as served:
        for request in ("nonsense\n\n", "GET / HTTP/9.9\n\n", "GET / HTTP/1.1\n:\n\n"):
            told = await answer(served, request)
            assert told.startswith("HTTP/1.0 400 ")
            assert re.search("^Server: backprop-tui\r$", told, re.MULTILINE)
            assert "aiohttp" not in told
        served.stop()
        line = "backprop-tui: refused a malformed request from 127.0.0.1\n"
        assert served.process.stderr.read() == 2 * line  # the first one speaks another language


async def test_bytes_that_are_no_text_are_refused() -> None:
    socket = "Upgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: \udcff"
    packed = "Content-Encoding: gzip\nContent-Length: 3\n\nxyz"
    with serving() as served:
        for path, said in (("", "Expect: \udcff"), ("nothing", "Expect: \udcff"), ("ws", socket)):
            close = "Connection: Upgrade, close" if path == "ws" else "Connection: close"
            asks = f"GET /{path} HTTP/1.1\nHost: localhost\n{close}\n{said}\n\n"
            told = await answer(served, asks)
            assert told.startswith("HTTP/1.1 400 ")
            assert told.endswith("\r\n400: Bad Request")
        asks = f"GET / HTTP/1.1\nHost: localhost\nConnection: close\n{packed}"
        assert (await answer(served, asks)).startswith("HTTP/1.1 200 ")
        served.stop()
        assert served.process.stderr.read() == "backprop-tui: refused a malformed request\n"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone bounds another process")
async def test_more_connections_than_there_is_room_for_are_told_of_once_and_keep_nobody_out() -> (
    None
):
    with serving() as served:
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, (100, most))
        opened = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(60)]
        async with asyncio.timeout(60):
            said = await asyncio.to_thread(served.process.stderr.readline)
        assert said.startswith("backprop-tui: there is no room for another connection; ")
        for reading, _ in opened[25:]:  # half of half of what may be open
            with suppress(ConnectionError):
                assert await reading.read() == b""
        other = await asyncio.open_connection("127.0.0.1", served.port, local_addr=("127.0.0.2", 0))
        other[1].write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert (await other[0].read()).startswith(b"HTTP/1.0 200 OK")
        opened.append(other)
        for _, writing in opened:
            writing.close()
        said = ""
        async with asyncio.timeout(60):
            while "200 OK" not in said:  # once it has seen that there is room
                with suppress(ConnectionError):
                    said = await answer(served, "GET / HTTP/1.0\nHost: localhost\n\n")
        served.stop()
        assert served.process.stderr.read() == ""


@pytest.mark.parametrize(
    "beginning",
    ["", "GET", "GET / HTTP/1.1\n", "POST / HTTP/1.1\nHost: localhost\nContent-Length: 5\n\nab"],
)
async def test_an_unfinished_request_is_closed(
    beginning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "UNFINISHED", 0.2)
    runner = server.runner_of(server.Server({"word": "article"}, most=1))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reading, writing = await asyncio.open_connection(*runner.addresses[0])
        writing.write(beginning.replace("\n", "\r\n").encode())
        async with asyncio.timeout(9):
            await reading.read()
        writing.close()
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("[::1]:80", "::1"),
        ("[0:0:0:0:0:0:0:1]:80", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("A.Example.:80", "a.example"),
        ("a b", ""),
        ("a:b", ""),
        ("a/b", ""),
        ("[a", ""),
        ("", ""),
    ],
)
def test_names_are_compared_without_what_may_vary(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("name", ["", "a..b", "https://a.example", "a.example/"])
def test_a_name_that_can_be_none_is_refused(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["serve", "--allow-host", "a.example", "--allow-host", name]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("backprop-tui: --allow-host must be an address or a host's name; got ")
