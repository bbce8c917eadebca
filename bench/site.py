"""The site under load: a real server on the test database, and clients that send requests without a pause."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

HOST = "127.0.0.1"
CLIENTS = 4
PATIENCE_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def server(application: str, environment: Mapping[str, str], python: str = sys.executable) -> Iterator[int]:
    """A granian of two workers on a free port; ends with the block."""
    port = free_port()
    command = [python, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port)]
    command += ["--workers", "2", "--blocking-threads", "1", "--no-ws", application]
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def get(path: str, **headers: str) -> bytes:
    """A request as bytes; header names with underscores."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    return _request(lines, headers)


def post(path: str, body: bytes, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    return _request(lines, {"Content_Type": "application/json", **headers}) + body


def rate(port: int, request: bytes, seconds: float) -> float:
    """Answers a second to CLIENTS connections that each send the request again as soon as it was answered."""
    with multiprocessing.get_context("fork").Pool(CLIENTS) as pool:
        counts = pool.starmap(_ask_again, [(port, request, seconds)] * CLIENTS)
    return sum(counts) / seconds


def answer(port: int, request: bytes) -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    with socket.create_connection((HOST, port)) as connection:
        connection.sendall(request)
        return _read(connection)


def _request(lines: list[str], headers: Mapping[str, str]) -> bytes:
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _ask_again(port: int, request: bytes, seconds: float) -> int:
    answered = 0
    with socket.create_connection((HOST, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            connection.sendall(request)
            head, _ = _read(connection)
            assert head[9:12] in (b"200", b"304"), head
            answered += 1
    return answered


def _read(connection: socket.socket) -> tuple[bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += _more(connection)
    return head, body


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(262_144)
    assert received, "the server closed the connection"
    return received


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
            return
        except OSError:
            os.sched_yield()
    raise AssertionError("the server did not start")
