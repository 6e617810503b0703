"""The web server: the page, its scripts and fonts, and sessions while there is room.

It shows the guide as well. Everything that a page needs comes from here, so that a classroom
without internet has it all. It reads no experiment and knows no screen: a session is told
which one to open.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import re
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import textual_serve
from aiohttp import web, web_response
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger
from aiohttp.typedefs import Handler
from markdown_it import MarkdownIt

from backprop_tui import lessons
from backprop_tui.cli.streams import PROGRAM, complain
from backprop_tui.exports.documents.page import Html, element, page
from backprop_tui.guide import TOPICS, text
from backprop_tui.messages import hint, shown
from backprop_tui.serve.session import Bookmarks, BrowserSession, End, part

try:
    import resource
except ImportError:  # Windows: nothing tells there how many files may be open
    resource = None  # type: ignore[assignment]

PATH = "/guide"
STYLE = """nav a { margin-right: 1em; }
pre, td { overflow-wrap: anywhere; }
pre { overflow-x: auto; }
"""
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def guide_page(topic: str) -> str:
    """The page of a topic; of an empty one, the list of them. Raises KeyError for any other."""
    if not topic:
        about = (element("li", link(PATH[1:], name), f": {what}") for name, what in TOPICS.items())
        return "".join(page("The guide", [element("h1", "The guide"), element("ul", *about)], ""))
    links = element("nav", *(link(".", name) for name in TOPICS))
    content = Html(MARKDOWN.render(text(topic)))
    return "".join(page(f"The guide: {topic}", [links, content], STYLE))


def link(folder: str, topic: str) -> Html:
    """A link to the page of a topic, wherever a proxy has put this server."""
    return element("a", topic, href=f"{folder}/{topic}")


PAGE = Path(__file__).parent / "page"
TERMINAL = Path(textual_serve.__file__ or "").parent / "static"  # its script, styles and font
HEARTBEAT = 10.0
"""Seconds between two signs of life that a page must answer: half of that later it is gone."""
LONGEST_MESSAGE = 1 << 16
"""Bytes that a page may send at once: a key takes 12."""
UNFINISHED = 10.0
"""Seconds for a request to arrive as a whole, and for a connection that asks for nothing."""
DELIVERED = 60.0
"""Seconds for a page, a script or a font to be read by whoever asked for it."""
A_FEW = 8
"""Sessions that an address of another machine may have at the same time, unless told otherwise."""
HEADERS = {  # nothing comes from elsewhere; the terminal makes its own styles
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "font-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names that this machine has for itself."""
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^][\s:/?#@]+)(:\d*)?", re.IGNORECASE)
"""A host with or without a port, as the header Host has it."""

# In place of versions; add_headers does not see what is answered to a malformed request.
web_response.SERVER_SOFTWARE = PROGRAM  # type: ignore[attr-defined]


class Server:
    """Serves one experiment, as the command line names it, to at most `most` learners at once, at
    most `most_each` of them from one address.

    It listens at `host`, and answers to that name, to those of this machine that lead there, and to
    the `allowed` ones, by which a proxy is reached.
    """

    def __init__(
        self,
        experiment: Mapping[str, str | int | None],
        most: int,
        host: str = "127.0.0.1",
        allowed: Iterable[str] = (),
        most_each: int | None = None,
    ) -> None:
        self.experiment, self.most, self.host = experiment, most, host
        self.most_each = most_each or (most if is_loopback(host) else A_FEW)
        self.allowed = frozenset(map(host_name, allowed)) - {""}
        own = LOOPBACK if is_loopback(host) else LOOPBACK | names_of_this_machine()
        self.names = (own | self.allowed | {host_name(host)}) - {""}
        self.sessions: dict[BrowserSession, web.WebSocketResponse] = {}
        self._bookmarks = Bookmarks(str(experiment["word"]))

    def why_not(self, visitor: str) -> End | None:
        """What keeps a visitor of this address from a session; None where there is a place."""
        if len(self.sessions) >= self.most:
            return End.FULL
        own = sum(session.visitor == visitor for session in self.sessions)
        return End.CROWDED if own >= self.most_each else None

    def application(self) -> web.Application:
        application = web.Application(middlewares=[delivered, self.under_own_name, found])
        application.add_routes(
            [
                web.get("/", self.page),
                web.get("/ws", self.learner),
                web.get(PATH, show_guide),
                web.get(PATH + "/{topic}", show_guide),
                web.static("/page", PAGE),
                web.static("/terminal", TERMINAL),
            ]
        )
        application.on_response_prepare.append(add_headers)
        application.on_shutdown.append(self.end_all)
        return application

    @web.middleware
    async def under_own_name(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what is asked under a name of somebody else, who may have made it lead here."""
        asked = request.headers.get("Host", "")
        reached_at, *_ = request.get_extra_info("sockname") or [None]
        if (name := host_name(asked)) not in self.names and name != reached_at:
            raise web.HTTPMisdirectedRequest(
                text=f"This server does not answer to the name {shown(asked)}. "
                "Whoever runs it can allow a name with --allow-host NAME.\n"
            )
        return await handler(request)

    async def page(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE / "index.html")

    async def learner(self, request: web.Request) -> web.StreamResponse:
        """One learner's session, as long as the page is there."""
        if not self.from_own_page(request):
            raise web.HTTPForbidden(text="Only this server's own page may open a session.")
        page = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LONGEST_MESSAGE)
        try:
            await page.prepare(request)
        except ConnectionError:  # it has left already: nobody gets this answer
            return web.Response()
        except ValueError:  # a key that is no text
            raise web.HTTPBadRequest from None
        name = request.query.get("page", "")
        await self.end_those_of(name)
        visitor = visitor_at(request.remote or "")
        if (end := self.why_not(visitor)) is not None:
            await part(page, end)
            return page
        begins = self.begins(request.query.get("bookmark", ""))
        transport = request.transport
        drop = transport.abort if transport else lambda: None
        session = BrowserSession(begins, page, self._bookmarks.of, drop, name, visitor)
        self.sessions[session] = page
        try:
            await session.start(*size_asked_for(request))
            if session not in self.sessions:  # meanwhile its page has come again
                return page
            async for message in page:
                await session.take(message)
        except OSError:  # this machine has no room for another process
            await part(page, End.UNOPENED)
        finally:
            self.sessions.pop(session, None)  # first: its place is free, whatever its end is like
            await session.stop()
        return page

    def from_own_page(self, request: web.Request) -> bool:
        """Whether no other site's page asks: a browser lets any page open a socket to any server.

        A proxy may call this server by another name than its own page has.
        """
        origin = request.headers.get("Origin")
        if origin is None:
            return True
        host = origin.partition("://")[2]
        return host == request.host or host_name(host) in self.allowed

    def begins(self, bookmark: str) -> Mapping[str, str | int | None]:
        """What a session opens: the experiment, or where a page has been before it was lost."""
        code = self._bookmarks.code_in(bookmark)
        if code is None:
            return self.experiment
        return dict.fromkeys(self.experiment) | {"word": lessons.DEFAULT, "code": code}

    async def end_those_of(self, name: str) -> None:
        """A page that comes again has lost its connection, which may not be known here yet."""
        for session in [session for session in self.sessions if name and session.name == name]:
            del self.sessions[session]
            await session.stop()

    async def end_all(self, application: web.Application) -> None:
        """Told to stop: so is each page, and with its page a session ends."""
        await asyncio.gather(*(part(page, End.STOPPED) for page in self.sessions.values()))


async def show_guide(request: web.Request) -> web.StreamResponse:
    """A page of the guide; of a topic that it does not have, the nearest one's name."""
    topic = request.match_info.get("topic", "")
    try:
        return web.Response(text=guide_page(topic), content_type="text/html")
    except KeyError:
        meant = hint(topic, TOPICS)
        raise web.HTTPNotFound(text=f"The guide has no topic {shown(topic)}{meant}\n") from None


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


@web.middleware
async def found(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A path that the file system refuses, as too long a name, is no file that is served."""
    try:
        return await handler(request)
    except OSError as error:
        raise web.HTTPNotFound from error


@web.middleware
async def delivered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Drop a visitor who reads the answer so slowly that a connection would be taken for ever."""
    answer = await handler(request)
    transport, task = request.transport, asyncio.current_task()
    if transport and task:  # it lasts until all is sent
        late = asyncio.get_running_loop().call_later(DELIVERED, task.cancel)
        task.add_done_callback(
            lambda done: transport.abort() if done.cancelled() else late.cancel()
        )
    return answer


def size_asked_for(request: web.Request) -> tuple[int, int]:
    try:
        return int(request.query["width"]), int(request.query["height"])
    except (KeyError, ValueError):
        return 80, 24


# Names ---------------------------------------------------------------------------------------


def host_name(host: str) -> str:
    """What names are compared by: without port, brackets and final dot, in small letters; nothing
    where it is no host."""
    found = HOST.fullmatch(host)
    name = found[1].strip("[]").rstrip(".").lower() if found else host
    try:
        return str(ipaddress.ip_address(name))  # as it is written most shortly
    except ValueError:
        return name if found else ""


def visitor_at(address: str) -> str:
    """Whom an address belongs to: of IPv6 all that begin alike, as one visitor has any number."""
    with suppress(ValueError):
        ip = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address):
            return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return address


def names_of_this_machine() -> frozenset[str]:
    """By which others reach it: its name, alone, with its domain and as local networks have it."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    return frozenset({name, short, f"{short}.local"})


# Running it ----------------------------------------------------------------------------------


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(host: str, port: int) -> str:
    """What to type into a browser: a name of this machine where it listens on all of them."""
    with suppress(ValueError):
        ip = ipaddress.ip_address(host)
        host = socket.gethostname() if ip.is_unspecified else f"[{ip}]" if ip.version == 6 else host
    return f"http://{host}:{port}/"


def trouble(error: OSError, host: str, port: int) -> str:
    """Why nothing can listen there, and what to do."""
    if isinstance(error, socket.gaierror):
        return f"--host {shown(host)} is not an address: 127.0.0.1 and 0.0.0.0 always are"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or --port 0 for a free one"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that you do not have: choose one above 1023 with --port"
    if error.errno in (errno.EADDRNOTAVAIL, None):  # None: in newer Pythons
        return f"--host {shown(host)} is not an address of this machine"
    return f"{host}:{port} cannot be served: {error.strerror or error}"


def serve(server: Server, port: int, ready: Callable[[str], None]) -> int:
    """Serve until a signal says stop: its number. `ready` is told the address. Raises OSError."""
    return asyncio.run(_serve(server, port, ready))


async def _serve(server: Server, port: int, ready: Callable[[str], None]) -> int:
    server_logger.addFilter(is_no_bad_request)
    runner = runner_of(server)
    await runner.setup()
    try:
        stopped = signalled()
        assert runner.server
        refusing(runner.server)
        bounded(runner.server)
        await web.TCPSite(runner, server.host, port).start()
        ready(address(server.host, runner.addresses[0][1]))
        return await stopped
    finally:
        await runner.cleanup()


def runner_of(server: Server) -> web.AppRunner:
    """What runs it, and closes what begins a request and does not end it."""
    return web.AppRunner(
        server.application(),
        access_log=None,
        shutdown_timeout=1.0,
        keepalive_timeout=UNFINISHED,
        lingering_time=UNFINISHED,
    )


def is_no_bad_request(record: logging.LogRecord) -> bool:
    """Whether aiohttp has more to tell than that a request was malformed, which is its sender's
    fault: a line says so here, in place of a traceback."""
    wrong = HttpProcessingError, web.RequestPayloadError
    if not (record.exc_info and isinstance(record.exc_info[1], wrong)):
        return True
    said = record.getMessage().replace("Unhandled exception", "Error handling request")
    complain(said.replace("Error handling", "refused a malformed"))
    return False


def refusing(served: web.Server) -> None:
    """Let it refuse bytes that are no text where aiohttp's own words, before any middleware, repeat
    them and cannot be sent."""
    handle = served.request_handler

    async def answered(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handle(request)
        except UnicodeEncodeError:
            raise web.HTTPBadRequest from None

    served.request_handler = answered


def bounded(served: web.Server) -> None:
    """Let it have no more connections at a time than there is room for: where none is left, asyncio
    tries again, and ever more often. One visitor may have half of them."""
    made, full = served.connection_made, False

    def connection_made(handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        nonlocal full
        made(handler, transport)
        whose = [visitor_of(each.transport) for each in served.connections]
        if len(whose) <= room() and whose.count(visitor_of(transport)) <= room() // 2:
            return
        asyncio.get_running_loop().call_soon(transport.abort)  # once aiohttp has begun with it
        if not full:
            complain(
                "there is no room for another connection; those that ask for nothing are closed "
                f"after {UNFINISHED:.0f} seconds"
            )
        full = True

    vars(served)["connection_made"] = connection_made


def visitor_of(transport: asyncio.BaseTransport | None) -> str:
    """Whom a connection belongs to; nobody where it is closed."""
    host, *_ = (transport and transport.get_extra_info("peername")) or [""]
    return visitor_at(host)


def room() -> int:
    """For how many connections: half of the files that this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2 if resource else 512


def signalled() -> asyncio.Future[int]:
    """The signal that says stop, when it comes."""
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()

    def stop(number: int) -> None:
        if not stopped.done():
            stopped.set_result(number)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # Windows has none to handle, but ctrl-c raises
        if (number := getattr(signal, name, None)) is not None:
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stop, int(number))
    return stopped
