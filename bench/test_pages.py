"""Cost of a page on a cache miss with 10,000 nodes, in ms and queries, beside an empty Django view."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import field
from staking.models import Node
from web import page_cache

pytestmark = pytest.mark.bench
ROUNDS = 7


def test_pages_of_a_large_network(transactional_db: None, say: Callable[[str], None]) -> None:
    field.plant()
    node = Node.objects.get(id=Node.objects.order_by("id").values_list("id", flat=True)[5_000]).address
    reader = Client(HTTP_ACCEPT_ENCODING="br")
    pages = ("/live/", "/", "/?sort=-apr&tier=3&open=1", "/?q=Dune+12", "/?page=300", "/top-nodes/", f"/nodes/{node}/",
             "/epochs/", "/epochs/12/", "/epochs/12/?q=Dune", "/?format=csv", "/plan/?amount=5000&risk=10")  # fmt: skip
    for address in pages:
        times, queries = [], 0
        for _ in range(ROUNDS):
            page_cache.clear()
            with CaptureQueriesContext(connection) as captured:
                began = time.perf_counter()
                answer = reader.get(address)
                times.append(1000 * (time.perf_counter() - began))
            queries = len(captured)
            assert answer.status_code == 200
        say(f"  {address[:34]:34} {median(times):7.1f} ms, first {times[0]:7.1f} ms, {queries:2} queries")
