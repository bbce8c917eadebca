"""An oracle that sends signed receipts and heartbeats, and readers, all through the proxy."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from deploy.trial.servers import HOST
from protocol.addresses import checksum, keccak256
from protocol.signatures import address_of_private_key, receipt_digest, sign

CHAIN_ID = 90210
Answer = tuple[int, Any]


class Site:
    """The API as a client outside sees it: TLS, the site's name, one request at a time."""

    def __init__(self, port: int, certificate: Path, token: str = "") -> None:
        self.port, self.token = port, token
        self.trust = ssl.create_default_context(cafile=str(certificate))

    def send(self, method: str, path: str, body: object = None, key: str = "") -> Answer:
        """Status and JSON of an answer; 0 when there was none."""
        headers = {"Host": HOST, "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        connection = Named("127.0.0.1", self.port, timeout=20, context=self.trust)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return 0, None
        finally:
            connection.close()

    def must(self, method: str, path: str, body: object = None) -> Any:
        status, answer = self.send(method, path, body)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer


class Named(http.client.HTTPSConnection):
    """Connects to an address and asks for the certificate of the site's name."""

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        assert isinstance(self._context, ssl.SSLContext)
        self.sock = self._context.wrap_socket(self.sock, server_hostname=HOST)


@dataclass
class Node:
    number: int

    @property
    def key(self) -> bytes:
        return keccak256(f"trial node {self.number}".encode())

    @property
    def address(self) -> str:
        return address_of_private_key(self.key)


@dataclass
class Oracle:
    """Sends a batch every fifth of a second, the same one until it is acknowledged."""

    site: Site
    nodes: list[Node]
    dice: Random = field(default_factory=lambda: Random(7))
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)
    number: int = 0

    def batch(self, size: int = 25) -> list[dict[str, Any]]:
        return [self.receipt() for _ in range(size)]

    def receipt(self) -> dict[str, Any]:
        self.number += 1
        node = self.dice.choice(self.nodes)
        now = datetime.now(UTC)
        moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
        fields: dict[str, Any] = {
            "job_id": f"trial-{self.number}", "node": node.address, "job_class": "gpu", "region": "eu-west",
            "accepted_at": round(moment.timestamp() * 1000), "deadline_ms": 2_000,
            "latency_ms": self.dice.randint(100, 1_500), "outcome": "completed", "credits": 50_000,
            "result_digest": b"\x11" * 32, "trace_root": b"\x22" * 32,
        }  # fmt: skip
        signature = sign(receipt_digest(CHAIN_ID, **fields), node.key)
        digests = {name: "0x" + fields[name].hex() for name in ("result_digest", "trace_root")}
        sent = {**fields, **digests, "node": checksum(node.address), "signature": "0x" + signature.hex()}
        return {**sent, "accepted_at": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}

    def send(self) -> bool:
        """Send one batch and the heartbeats of all nodes, again and again until it is acknowledged."""
        receipts = self.batch()
        key = f"batch-{self.number}"
        for _ in range(600):
            status, answer = self.site.send("POST", "/api/v1/oracle/receipts", {"receipts": receipts}, key)
            if status == 200:
                self.acknowledged += receipts
                self.refused += answer["rejected"]
                break
            time.sleep(0.2)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        beats = [{"node": checksum(node.address), "at": now} for node in self.nodes]
        self.site.send("POST", "/api/v1/oracle/heartbeats", {"heartbeats": beats})
        return status == 200

    def resend(self) -> tuple[int, int]:
        """Send everything again, as after a restore; how many were accepted now and how many were duplicates."""
        accepted = duplicates = 0
        for first in range(0, len(self.acknowledged), 1_000):
            answer = self.site.must(
                "POST", "/api/v1/oracle/receipts", {"receipts": self.acknowledged[first : first + 1_000]}
            )
            accepted += answer["accepted"]
            duplicates += answer["duplicates"]
            self.refused += answer["rejected"]
        return accepted, duplicates


@dataclass
class Reader:
    """Reads pages and endpoints; every answer with its time and duration."""

    site: Site
    answers: list[tuple[float, int, float]] = field(default_factory=list)
    paths = ("/", "/api/v1/nodes", "/epochs/", "/api/v1/scheduler/nodes?job_class=gpu", "/governance/")

    def read(self) -> bool:
        path = self.paths[len(self.answers) % len(self.paths)]
        began = time.monotonic()
        status, _ = self.site.send("GET", path)
        self.answers.append((began, status, time.monotonic() - began))
        return status == 200

    def errors(self, since: float) -> int:
        return sum(status != 200 for at, status, _ in self.answers if at >= since)

    def count(self, since: float) -> int:
        return sum(at >= since for at, _, _ in self.answers)


class Traffic:
    """Runs callables in threads of their own, a pause between two calls."""

    def __init__(self, *calls: Callable[[], object], pause: float = 0.2) -> None:
        self.ending = Event()
        self.threads = [Thread(target=self._run, args=(call, pause), daemon=True) for call in calls]
        for thread in self.threads:
            thread.start()

    def _run(self, call: Callable[[], object], pause: float) -> None:
        while not self.ending.wait(pause):
            call()

    def stop(self) -> None:
        self.ending.set()
        for thread in self.threads:
            thread.join()
