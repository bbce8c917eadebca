"""The table of permissions of docs/security.md: every route, called as each kind of actor."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from delegation.pages.actions.registry import ACTIONS
from identity.models import User
from inframind import admin, api_docs, health
from inframind.environment import PROJECT_ROOT
from tests.callers import Api
from tests.governance import scenario
from tests.inframind.test_rights import books, pages

STAFF = "0x" + "57" * 20
BODY = {
    "amount": "1", "to": scenario.SLASHED, "choice": "uphold", "reason": "mine", "text": "mine", "title": "Mine",
    "changes": {"quorum_bps": 400},
}  # fmt: skip
# Fields that the others refuse; a body that is wrong is refused before the rights are looked at (R12).
BODIES = {
    ("PATCH", "/api/v1/nodes/{address}"): {"name": "Mine"},
    ("POST", "/api/v1/nodes/{address}/commitments"): {"minimum_share_bps": 8_000},
    ("POST", "/api/v1/nodes/{address}/announcements"): {"delegator_share_bps": 7_500, "from_epoch": 99},
}
ACTORS = ("stranger", "delegator", "operator", "oracle", "staff")


@cache
def table() -> list[tuple[str, str, dict[str, str]]]:
    """Method, pattern of the path, and what each actor gets; the last row that fits counts."""
    text = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = []
    for line in text[text.index("## Permissions") :].splitlines():
        match = re.fullmatch(r"\| `([A-Z]+) (\S+)`[^|]*\|(.*)\|", line)
        if match:
            cells = [cell.strip() for cell in match[3].split("|")]
            rows.append((match[1], match[2], dict(zip(ACTORS, cells, strict=True))))
    return rows


def expected(method: str, path: str) -> dict[str, str]:
    fits = [cells for verb, pattern, cells in table() if verb == method and fnmatchcase(path, pattern)]
    return fits[-1] if fits else {}


def outcome(answer: Any) -> str:
    """`yes`, a status, or `sign in`; a request that is not found although everybody may make it is a `yes`."""
    if answer.status_code == 302 and re.match(r"/(signin|admin/login)/", answer.headers["Location"]):
        return "sign in"
    return str(answer.status_code) if answer.status_code in (401, 403, 404) else "yes"


def staff() -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(address=STAFF, is_staff=True, is_superuser=True)[0])
    return client


def signed_in(wallet: str) -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(address=wallet)[0])
    return client


def routes() -> list[tuple[str, str]]:
    paths = json.loads(api_docs.document())["paths"]
    return [(verb.upper(), path) for path, verbs in paths.items() for verb in verbs if verb != "parameters"]


def test_every_endpoint_admits_whom_the_table_says(api: Any, token: Any, case: dict[str, Any]) -> None:
    differing = {}
    visitor = Api()
    visitor.client = staff()
    for method, path in routes():
        # The operator of what is acted on: Olga of the node that is slashed, Nils of the other.
        runner = scenario.OLGA if "slashes" in path or "disputes" in path else scenario.NILS
        callers = {
            "stranger": api(), "delegator": api(token(scenario.ANN)), "operator": api(token(runner)),
            "oracle": api(token("", "oracle")), "staff": visitor,
        }  # fmt: skip
        body = b"" if method == "GET" else BODIES.get((method, path), BODY)
        # Nothing is left for the second who withdraws, so each starts from the same network.
        address = path.replace("rankings/{number}", "rankings/{ranking}").format(**case)
        answers = {name: outcome(caller.send(method, address, body)) for name, caller in callers.items()}
        if answers != expected(method, address):
            differing[f"{method} {path}"] = answers
    assert not differing, json.dumps(differing, indent=1)


def test_every_page_admits_whom_the_table_says(case: dict[str, Any]) -> None:
    differing = {}
    readers = {
        "stranger": Client(), "delegator": signed_in(scenario.ANN), "operator": signed_in(scenario.NILS),
        "oracle": Client(), "staff": staff(),
    }  # fmt: skip
    for path in pages(case):
        answers = {name: reader.get(path) for name, reader in readers.items()}
        if (
            answers["staff"].status_code == 405
            or answers["staff"].status_code == 404 == answers["stranger"].status_code
        ):
            continue
        got = {name: _page_outcome(answer) for name, answer in answers.items()}
        if got != expected("GET", path):
            differing[path] = got
    assert not differing, json.dumps(differing, indent=1)


def forms(case: dict[str, Any]) -> list[str]:
    """Every page that takes a POST; the review of an action once for each action."""
    paths = [path for path in pages(case) if path not in health.PATHS]
    review = next(path for path in paths if path.startswith("/money/") and path.endswith("/review/"))
    paths.remove(review)
    paths += [reverse("money-review", args=[name]) for name in ACTIONS]
    visitor = staff()
    return [path for path in paths if "POST" in visitor.options(path).headers.get("Allow", "POST")]


def test_every_form_admits_whom_the_table_says(token: Any, case: dict[str, Any]) -> None:
    """Those who are refused come first, and change nothing."""
    differing: dict[str, Any] = {}
    taken, before = forms(case), books()
    for refused in (True, False):
        for path in taken:
            wanted = expected("POST", path)
            # Neither the node nor the money is its own; it votes as others do.
            equal = "staff" if path.startswith(("/operator/0x", "/money/")) else "delegator"
            wanted |= {"another operator": wanted[equal]}
            for name, cell in wanted.items():
                if (cell != "yes") is refused:
                    got = outcome(sender(name, path, token).post(path, form(path, case)))
                    if got != cell:
                        differing.setdefault(path, {})[name] = got
        if refused:
            assert books() == before
    assert not differing, json.dumps(differing, indent=1)


def sender(name: str, path: str, token: Any) -> Client:
    """A new client, since some forms sign in or out."""
    slashed = "slashes" in path or "disputes" in path
    runner, other = (scenario.OLGA, scenario.NILS) if slashed else (scenario.NILS, scenario.OLGA)
    wallets = {"delegator": scenario.ANN, "operator": runner, "another operator": other}
    if name == "oracle":
        return Client(headers={"Authorization": f"Bearer {token('', 'oracle')}"})
    if name == "staff":
        return staff()
    return signed_in(wallets[name]) if name in wallets else Client()


def form(path: str, case: dict[str, Any]) -> dict[str, Any]:
    """A body with whatever any form asks for."""
    choice = "for" if "proposals" in path else "uphold"
    names = {"node": scenario.HONEST, "address": scenario.SLASHED, "name": "Mine", "region": "eu-west"}
    theirs = {"entry": case["unbonding"]} if re.search("/(cancel|withdraw)/", path) else {}
    return {**BODY, **names, **theirs, "choice": choice}


def _page_outcome(answer: Any) -> str:
    """A page that needs a wallet answers 200 to a stranger with the card that asks for a sign-in, and nothing else."""
    if any(template.name == "staking/signin.html" for template in answer.templates):
        return "sign in"
    return outcome(answer)


@pytest.mark.django_db
def test_the_administration_is_for_staff_alone() -> None:
    readers = {"stranger": Client(), "delegator": signed_in(scenario.ANN), "staff": staff()}
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        got = {name: outcome(reader.get(path)) for name, reader in readers.items()}
        assert got == {"stranger": "sign in", "delegator": "sign in", "staff": "yes"}, path
