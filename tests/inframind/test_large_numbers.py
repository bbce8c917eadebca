"""Whole numbers that no column can hold, wherever a request can bring one: refused, never a failure of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from identity.models import User
from identity.tokens import issue
from inframind import api_docs
from tests.governance import scenario
from web import page_cache

LARGE = (2**31, 2**63)
# Query parameters of pages that are numbers, by page.
QUERIES = {
    "/": ("page", "amount", "apr", "sla", "uptime", "share", "capacity", "reputation", "rows", "tier"),
    "/plan/": ("amount", "risk"),
    "/compare/?n={address}": ("amount",),
    "/nodes/{address}/": ("amount", "page"),
    "/nodes/{address}/estimate/": ("amount",),
    "/nodes/{address}/what-if/?epochs=7": ("amount",),
    "/nodes/{address}/incidents/": ("epochs", "page"),
    "/wallets/{wallet}/statement/": ("page", "rows", "earned"),
    "/epochs/": ("page",),
    "/epochs/1/": ("page",),
    "/slashes/": ("page",),
    "/disputes/{dispute}/": ("page", "receipts"),
    "/proposals/": ("page",),
    "/transactions/{transaction}/": ("page",),
    "/inbox/": ("page", "newest"),
    "/verify/": ("epoch",),
    "/money/delegate/?node={address}": ("amount",),
    "/money/undelegate/?node={address}": ("amount",),
    "/money/redelegate/?node={address}": ("amount",),
    "/money/cancel/?x=": ("entry",),
    "/money/withdraw/?x=": ("entry",),
}
BODIES = (
    ("PATCH", "nodes/{address}", "delegator_share_bps", {}),
    ("PATCH", "nodes/{address}", "hardware", {"hardware": {"gpus": None}}),
    ("POST", "nodes/{address}/commitments", "minimum_share_bps", {}),
    ("POST", "nodes/{address}/commitments", "notice_epochs", {}),
    ("POST", "nodes/{address}/announcements", "from_epoch", {"delegator_share_bps": 7_600}),
    ("POST", "nodes/{address}/announcements", "delegator_share_bps", {"from_epoch": 9}),
    ("POST", "proposals", "quorum_bps", {"title": "Other", "body": "", "changes": {"quorum_bps": None}}),
    ("POST", "proposals", "proposal_threshold", {"title": "Other", "body": "", "changes": {"tiers.1.minimum": None}}),
)  # fmt: skip


def signed_in(wallet: str) -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(address=wallet)[0])
    return client


def numbered(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Templates of addresses with whole numbers in them."""
    for pattern in patterns:
        where = before + str(pattern.pattern).lstrip("^").rstrip("$")
        if isinstance(pattern, URLResolver):
            if "admin" not in where:
                yield from numbered(pattern.url_patterns, where)
        elif isinstance(pattern, URLPattern) and "<int:" in where:
            yield where


def test_a_number_in_an_address_that_no_column_holds_is_no_failure(case: dict[str, Any]) -> None:
    templates = list(numbered(get_resolver().url_patterns))
    assert len(templates) > 30
    olga = signed_in(scenario.OLGA)
    for template in templates:
        for number in LARGE:
            where = filled(template, number, case["address"])
            assert olga.get(where).status_code in (302, 404, 405), where


def filled(template: str, number: int, address: str) -> str:
    parts = []
    for part in template.split("/"):
        value = address if part.startswith("<str:") else part
        parts.append(str(number) if part.startswith("<int:") else value)
    return "/".join(parts)


def test_large_numbers_in_the_query_of_a_page_are_no_failure(case: dict[str, Any]) -> None:
    nils = signed_in(scenario.NILS)
    for page, names in QUERIES.items():
        where = page.format(**case, wallet=scenario.ANN)
        for name in names:
            for number in LARGE:
                page_cache.clear()
                url = f"{where}{'&' if '?' in where else '?'}{name}={number}"
                assert nils.get(url).status_code < 500, url


def test_large_numbers_in_the_query_of_an_endpoint_are_no_failure(case: dict[str, Any]) -> None:
    document = json.loads(api_docs.document())
    tried = 0
    for path, operations in document["paths"].items():
        where = path.replace("{node}", case["address"]).format(**case | {"address": case["address"]})
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] != "query" or parameter["schema"].get("type") != "integer":
                continue
            tried += 1
            for number in LARGE:
                assert Client().get(where, {parameter["name"]: number}).status_code < 500, (where, parameter)
    assert tried > 20


@pytest.mark.parametrize(("method", "where", "name", "body"), BODIES)
def test_large_numbers_in_a_body_are_refused(
    case: dict[str, Any], method: str, where: str, name: str, body: dict[str, Any]
) -> None:
    secret, _ = issue(wallet=scenario.NILS, scope="write", now=scenario.now())
    for number in (2**31 - 1, *LARGE, 10**30):
        sent = {
            key: dict.fromkeys(value, number) if isinstance(value, dict) else value
            for key, value in body.items()
        }
        if not any(isinstance(value, dict) for value in body.values()):
            sent[name] = number
        answer = Client().generic(
            method, f"/api/v1/{where.format(**case)}", json.dumps(sent).encode(),
            content_type="application/json", headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip
        refused = 200 if name == "hardware" and number < 2**63 else 400
        assert answer.status_code == refused, (number, answer.content)
