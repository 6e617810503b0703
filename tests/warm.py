"""The program started in a moment: forked from a process that has imported all of it already.

From `main` to its end it is what a person starts: a process of its own, with its own streams,
environment and signals; so are the sessions of a server. A test of what comes before `main` (what
is imported, which encoding the interpreter chooses, a signal in the first moment) starts
`python -m backprop_tui` instead.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module, reload
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
"""Seconds until its end is given up: generous, as a machine may be busy with other things."""
SESSION = "serve.screen"
IMPORTED = ("cli.running", "cli.stepping", "plain.loop", "serve.server", "tui.app", "tui.driver")
LARGEST = 1 << 16
"""Bytes of a question to the process that forks: a command line and an environment."""


def surroundings() -> dict[str, str]:
    """An ordinary terminal's environment, with nothing of the one that tests run in."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "PYTHONPATH")}
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "TEXTUAL_ANIMATIONS": "none",
        # new ones each time: what one test has left behind or remembered is no other's
        "XDG_STATE_HOME": tempfile.mkdtemp(dir=os.environ.get("XDG_STATE_HOME")),
        "XDG_CONFIG_HOME": tempfile.mkdtemp(dir=os.environ.get("XDG_CONFIG_HOME")),
    }


class Warm:
    """A process of the program, as `subprocess.Popen` has it; `argv` is what follows its name.

    Each stream is a file, or a pipe that is read here. Use it as a context: it never outlives it.
    """

    _line: socket.socket | None = None
    _talking = threading.Lock()
    returncode: int | None = None

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] = os.environ,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> None:
        self._ours: list[IO[str]] = []
        theirs = [os.open(os.devnull, os.O_RDONLY) if stdin == subprocess.DEVNULL else stdin]
        for stream in (stdout, stderr):
            if stream == subprocess.PIPE:
                end, stream = os.pipe()
                self._ours.append(os.fdopen(end, encoding="utf-8"))
            theirs.append(stream)
        (self.pid,) = self._asked({"argv": list(argv), "env": dict(env)}, theirs)
        for given, descriptor in zip((stdin, stdout, stderr), theirs, strict=True):
            if given != descriptor:
                os.close(descriptor)

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.wait()
        for stream in self._ours:
            stream.close()

    @property
    def stdout(self) -> IO[str]:
        return self._ours[0]

    @property
    def stderr(self) -> IO[str]:
        return self._ours[-1]

    @classmethod
    def _asked(cls, question: Mapping[str, object], streams: Sequence[int] = ()) -> list[int]:
        """What the process answers that has imported everything, and is every program's parent."""
        with cls._talking:
            if cls._line is None:
                cls._line, theirs = socket.socketpair()
                parent = subprocess.Popen(
                    [sys.executable, "-W", "error", "-m", "tests.warm", str(theirs.fileno())],
                    cwd=ROOT,
                    env=surroundings(),
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                )
                theirs.close()
                atexit.register(parent.wait)
                atexit.register(cls._line.close)
            socket.send_fds(cls._line, [json.dumps(question).encode()], streams)
            answer: list[int] = json.loads(cls._line.recv(LARGEST))
            return answer

    def is_stopped(self) -> bool:
        """Whether it was suspended since it was asked last."""
        pid, status = self._asked({"pid": self.pid, "options": os.WNOHANG | os.WUNTRACED})
        if pid and not os.WIFSTOPPED(status):
            self.returncode = os.waitstatus_to_exitcode(status)
        return bool(pid) and self.returncode is None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.is_stopped()
        return self.returncode

    def wait(self, timeout: float = PATIENCE) -> int:
        given_up = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > given_up:
                raise subprocess.TimeoutExpired("backprop-tui", timeout)
            time.sleep(0.005)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self) -> list[str]:
        """What it still writes to each of its pipes until it ends, which it must do soon."""
        given_up = threading.Timer(PATIENCE, self.kill)
        given_up.start()
        try:
            return [stream.read() for stream in self._ours]
        finally:
            given_up.cancel()


def ran(
    *argv: str,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> tuple[int, str, str]:
    """The exit status of a command, and what it wrote to the streams that are pipes."""
    with Warm(argv, os.environ, stdin, stdout, stderr) as program:
        written = program.communicate()
        out = written.pop(0) if stdout == subprocess.PIPE else ""
        return program.wait(), out, "".join(written)


# The process that forks -----------------------------------------------------------------------


def listen(line: socket.socket) -> list[str] | None:
    """Start programs and tell of their ends for as long as somebody asks; in each of the programs,
    its command line."""
    while True:
        said, streams, _, _ = socket.recv_fds(line, LARGEST, 3)
        if not said:
            return None
        match json.loads(said):
            case {"argv": argv, "env": env}:
                if not (pid := os.fork()):
                    become(argv, env, streams)
                    return list(argv)
                for descriptor in streams:
                    os.close(descriptor)
                answer = [pid]
            case {"pid": pid, "options": options}:
                answer = list(os.waitpid(pid, options))
        line.send(json.dumps(answer).encode())


def become(argv: list[str], env: dict[str, str], streams: Sequence[int]) -> None:
    """This process is the program from now on; its streams are as the interpreter opens them."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["backprop-tui", *argv]
    for number, (name, given) in enumerate(
        zip(("stdin", "stdout", "stderr"), streams, strict=True)
    ):
        os.dup2(given, number)
        os.close(given)
        stream: Any = os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False)
        if number:
            stream.reconfigure(line_buffering=number == 2 or stream.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def fork_sessions() -> None:
    """This server's sessions are forked from it from now on, but for what happens in `exec`."""
    start = asyncio.create_subprocess_exec

    def forked(*command: str, env: Mapping[str, str], **rest: Any) -> Any:
        return start(*command, env=env, preexec_fn=partial(hold, command[-1], env), **rest)

    vars(asyncio)["create_subprocess_exec"] = forked


def hold(experiment: str, env: Mapping[str, str]) -> None:
    """A session, to its end: the streams and the process group are its own already."""
    gc.freeze()  # whatever the server has open is not closed a second time
    os.closerange(3, LARGEST)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    reload(import_module("textual.constants"))  # what it reads there, once
    try:
        status = import_module(f"backprop_tui.{SESSION}").main([experiment])
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    end(status)


def end(status: int) -> None:
    """The interpreter's end, but that nothing is destroyed: that takes longer than the start."""
    import_module("threading")._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status)


def run(line: socket.socket) -> None:
    main = import_module("backprop_tui.__main__").main
    for module in (*IMPORTED, SESSION):
        import_module(f"backprop_tui.{module}")
    gc.collect()
    gc.freeze()
    with line, suppress(ConnectionError):
        argv = listen(line)
    if argv is None:
        return
    fork_sessions()
    end(main(argv))


if __name__ == "__main__":
    run(socket.socket(fileno=int(sys.argv[1])))
