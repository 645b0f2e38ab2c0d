"""Long-running programs of the local stack: started, awaited, and stopped by the pid that was started."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 15.0

_started: dict[int, subprocess.Popen[bytes]] = {}


def free_port(host: str) -> int:
    with socket.socket() as listener:
        listener.bind((host, 0))
        port: int = listener.getsockname()[1]
        return port


def start(command: Sequence[str | Path], *, environment: dict[str, str], folder: Path, log: Path) -> int:
    """Starts a program in a session of its own, so that it outlives the shell; returns its pid."""
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        program = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[program.pid] = program
    return program.pid


def await_answer(url: str, *, pid: int, log: Path) -> None:
    """Returns when the URL answers 200. Raises `RuntimeError` with the log's end if the program dies or is too slow."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and is_alive(pid):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer. The end of {log}:\n{log.read_text(errors='replace')[-2000:]}")


def is_alive(pid: int) -> bool:
    if pid in _started:
        return _started[pid].poll() is None
    try:  # Started by an earlier run.
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def exit_when_told_to() -> None:
    """Makes SIGTERM and SIGHUP end this process the way that Ctrl-C does, so that what it started is stopped."""

    def leave(number: int, _: object) -> None:
        # make passes the signal on that its children have had already; it must not break off the cleaning up.
        for each in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, leave)


def stop(pid: int, program: str) -> None:
    """Ends a program and what it started; does nothing if it is gone, or if its pid is another program's by now."""
    if pid not in _started and program not in _command_line(pid):
        return
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        if not is_alive(pid):
            return
        try:
            os.killpg(pid, signal_number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and is_alive(pid):
            time.sleep(0.05)


def _command_line(pid: int) -> str:
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_text() if file.exists() else ""
