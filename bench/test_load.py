"""200 readers and 20 writers at once: errors, and how long answers take.

    make bench ARGS="-k load"                     five minutes
    BENCH_SECONDS=60 make bench …                 shorter

A server of two processes as under `make run`, on the database of the tests. A reader opens a page or an endpoint every
ten seconds, a writer moves money every five; an oracle sends 50 signed receipts every second. So the data change all
the time, and few pages come from the page cache. The client is a process of the same machine.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from statistics import quantiles
from typing import NamedTuple

import httpx
import pytest

from bench import batches, site
from identity.tokens import issue
from protocol.signatures import address_of_private_key
from staking.services import clock
from staking.services.epochs import start_network
from staking.services.rankings import rank
from tests.network import Network, wallet

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

READERS, WRITERS = 200, 20
READ_EVERY, WRITE_EVERY = 10.0, 5.0
SECONDS = float(os.environ.get("BENCH_SECONDS", "300"))
P99_GATE = 1.0


class Answer(NamedTuple):
    kind: str
    status: int
    seconds: float


@pytest.fixture
def nodes(transactional_db: None) -> list[str]:
    """A hundred nodes with stake and work, ranked, and the writers with tokens and a delegation each."""
    start_network(now=clock.now())
    network = Network()
    network.now = clock.now()
    batches.register(network.now)
    nodes = [address_of_private_key(batches.key(number)) for number in range(batches.NODES)]
    for number, node in enumerate(nodes):
        network.fund(node, 1_000)
        network.stake(node, 100 + number)
    for number in range(WRITERS):
        network.delegate(nodes[number], number, 10)
        network.fund(wallet(number), 100_000)
    rank(now=network.now)
    return nodes


@pytest.fixture
def port(nodes: list[str], process_environment: dict[str, str]) -> Iterator[int]:
    more = {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "ALLOWED_HOSTS": site.HOST,
        "INFRAMIND_RATE_LIMITS": "off",
    }
    with site.server("inframind.wsgi:application", {**process_environment, **more}) as port:
        yield port


def test_the_site_answers_quickly_under_load(port: int, nodes: list[str], say: Callable[[str], None]) -> None:
    tokens = [issue(wallet=wallet(number), scope="write", now=clock.now())[0] for number in range(WRITERS)]
    oracle = issue(wallet="", scope="oracle", now=clock.now())[0]
    answers = asyncio.run(_all(port, nodes, tokens, oracle))
    for kind in ("page", "endpoint", "action", "receipts"):
        seconds = [answer.seconds for answer in answers if answer.kind == kind]
        cuts = quantiles(seconds, n=100)
        say(
            f"{kind}: {len(seconds):,} answers, p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms, "
            f"longest {max(seconds) * 1000:.0f} ms"
        )
    errors = [answer for answer in answers if answer.status >= 400 or not answer.status]
    codes = dict(Counter((one.kind, one.status) for one in errors))
    say(f"{len(errors)} errors of {len(answers):,} answers in {SECONDS:.0f} s: {codes}")
    assert not errors
    assert quantiles([answer.seconds for answer in answers], n=100)[98] <= P99_GATE


async def _all(port: int, nodes: list[str], tokens: list[str], oracle: str) -> list[Answer]:
    answers: list[Answer] = []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"http://{site.HOST}:{port}", timeout=60, limits=limits) as client:

        async def send(kind: str, method: str, path: str, token: str = "", **more: object) -> None:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            began = time.perf_counter()
            try:
                status = (await client.request(method, path, headers=headers, **more)).status_code  # type: ignore[arg-type]
            except httpx.HTTPError:
                status = 0
            answers.append(Answer(kind, status, time.perf_counter() - began))

        async with asyncio.TaskGroup() as group:
            for number in range(READERS):
                group.create_task(_every(READ_EVERY, number, _reader(send, nodes, tokens, number)))
            for number, token in enumerate(tokens):
                group.create_task(_every(WRITE_EVERY, number, _writer(send, nodes[number], token)))
            group.create_task(_every(1.0, 0, _oracle(send, oracle)))
    return answers


async def _every(pause: float, number: int, act: Callable[[int], Awaitable[None]]) -> None:
    """Act again and again, at moments spread over the pause."""
    until = time.monotonic() + SECONDS
    await asyncio.sleep(pause * random.Random(number).random())
    turn = 0
    while time.monotonic() < until:
        began = time.monotonic()
        await act(turn)
        turn += 1
        await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))


Send = Callable[..., Awaitable[None]]


def _reader(send: Send, nodes: list[str], tokens: list[str], number: int) -> Callable[[int], Awaitable[None]]:
    dice = random.Random(number)

    async def act(turn: int) -> None:
        node, own = dice.choice(nodes), wallet(dice.randrange(WRITERS))
        pages = (
            "/", "/?order=-stake", f"/nodes/{node}/", f"/nodes/{node}/", f"/wallets/{own}/", "/epochs/", "/governance/",
        )  # fmt: skip
        endpoints = (
            "/api/v1/nodes?limit=50", f"/api/v1/nodes/{node}", "/api/v1/me", "/api/v1/scheduler/nodes?job_class=gpu",
        )  # fmt: skip
        if dice.random() < 0.7:
            await send("page", "GET", dice.choice(pages))
        else:
            await send("endpoint", "GET", dice.choice(endpoints), dice.choice(tokens))

    return act


def _writer(send: Send, node: str, token: str) -> Callable[[int], Awaitable[None]]:
    async def act(turn: int) -> None:
        action = ("delegate", "delegate", "undelegate")[turn % 3]
        await send("action", "POST", f"/api/v1/nodes/{node}/{action}", token, json={"amount": "1"})

    return act


def _oracle(send: Send, token: str) -> Callable[[int], Awaitable[None]]:
    async def act(turn: int) -> None:
        batch = batches.batch(f"load-{turn}", datetime.now(UTC), signed=True, rows=50)
        await send("receipts", "POST", "/api/v1/oracle/receipts", token, json={"receipts": batch})

    return act
