"""`serve` on the command line: what it refuses before it starts, and what it says when it does."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from backprop_tui.__main__ import main
from tests.serve.conftest import serving


def faults(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    assert main(["serve", *argv]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return [line.removeprefix("backprop-tui: ") for line in said.err.splitlines()]


def test_a_wrong_experiment_is_refused_with_all_its_faults(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[network]\nlayers = [1, 0]\nloss = "none"\n')
    told = faults(capsys, str(file))
    assert len(told) >= 2
    assert all(str(file) in fault for fault in told)


def test_a_port_in_use_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = faults(capsys, "--port", str(port))
    assert told == [
        f"port {port} is in use: choose another with --port, or --port 0 for a free one"
    ]


def test_an_address_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert faults(capsys, "--host", "192.0.2.1", "--port", "0") == [
        '--host "192.0.2.1" is not an address of this machine'
    ]


@pytest.mark.parametrize("host", ["", "a..b", ".a", "a" * 300])
def test_a_host_that_can_have_no_address(capsys: pytest.CaptureFixture[str], host: str) -> None:
    (told,) = faults(capsys, "--host", host, "--port", "0")
    assert told.startswith("--host must be an address or a host's name; got \"")


def test_a_host_of_two_lines_is_told_on_one(capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = faults(capsys, "--host", "no\nhost", "--port", "0")
    assert told.startswith('--host "no\\nhost" is not an address')


def test_without_the_extra_it_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [n for n in sys.modules if n.startswith(("textual_serve", "backprop_tui.serve"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    (told,) = faults(capsys)
    assert "textual_serve" in told
    assert 'pip install "backprop-tui[web]"' in told


def test_the_loopback_alone_is_served_without_a_warning() -> None:
    with serving() as served:
        served.stop()
        assert served.address.startswith("http://127.0.0.1:")
        assert served.process.stderr.read() == ""


def test_all_addresses_are_served_with_a_word_on_what_that_means() -> None:
    with serving("--host", "0.0.0.0") as served:
        served.stop()
        said = served.process.stderr.read()
    assert served.address in said
    assert "no file is read or written" in said
