"""The terminal's driver, told to stop, to go on and to end."""

from __future__ import annotations

import asyncio
import signal

import pytest

from backprop_tui.tui.driver import TerminalDriver


def test_a_signal_that_comes_when_the_loop_ends_or_has_ended_is_told_nowhere() -> None:
    driver = object.__new__(TerminalDriver)
    driver._loop, driver._writer_thread = asyncio.new_event_loop(), None
    driver._loop.add_signal_handler(signal.SIGUSR1, lambda: None)
    driver.close()
    assert signal.set_wakeup_fd(-1) == -1
    driver._loop.close()
    driver._sigtstp_application()
    driver._sigcont_application()


@pytest.mark.parametrize(("told", "stops"), [("at once", 0), ("meanwhile", 0), ("never", 1)])
def test_told_to_go_on_before_it_has_stopped_it_does_not_stop(
    told: str, stops: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[object] = []
    monkeypatch.setattr("os.kill", lambda *what: stopped.append(what))
    driver = object.__new__(TerminalDriver)
    driver._loop, driver._auto_restart = asyncio.new_event_loop(), True

    def go_on(when: str) -> None:
        if told == when:
            driver._sigcont_application()

    monkeypatch.setattr(driver, "_go_on", lambda: None)
    monkeypatch.setattr(driver, "suspend_application_mode", lambda: go_on("meanwhile"))
    driver._sigtstp_application()
    go_on("at once")
    driver._loop.run_until_complete(asyncio.sleep(0))
    driver._loop.close()
    assert len(stopped) == stops
