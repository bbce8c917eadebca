"""Endpoints of governance: answers, order of refusals, filters and pages (interfaces section 3)."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from identity.tokens import issue
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Slash
from staking.services import clock
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, NILS, OLGA, SLASHED
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limits(settings) -> None:
    settings.INFRAMIND_RATE_LIMITS = False


def caller(wallet: str | None, scope: str = "write") -> APIClient:
    client = APIClient()
    if wallet:
        secret, _ = issue(wallet=wallet, scope=scope, now=clock.now())
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def post(where: str, body: Any, wallet: str | None = OLGA) -> tuple[int, dict[str, Any]]:
    answer = caller(wallet).post(f"/api/v1/{where}", body, format="json")
    return answer.status_code, answer.json()


def get(where: str, **query: Any) -> Any:
    answer = APIClient().get(f"/api/v1/{where}", query)
    return answer.json() if answer.status_code == 200 else (answer.status_code, answer.json()["code"])


def refusal(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]


@shared
def slash() -> Slash:
    scenario.begin()
    slash = scenario.slash_node()
    scenario.advance_clock()
    return slash


@pytest.fixture
def dispute(slash: Slash) -> int:
    status, answer = post(f"slashes/{slash.pk}/dispute", {"reason": "The oracle read another machine."})
    assert status == 201
    return int(answer["dispute"]["id"])


NOT_REPRESENTED = {"represented": {"uphold": "0.000000", "overturn": "0.000000", "abstain": "0.000000"}}


def test_opening_a_dispute_returns_transaction_wallet_node_and_dispute(slash: Slash) -> None:
    status, answer = post(f"slashes/{slash.pk}/dispute", {"reason": "No."})
    assert status == 201
    assert isinstance(answer["transaction"], int)
    assert answer["wallet"]["address"] == checksum(OLGA)
    assert answer["wallet"]["available"] == "950.000000"
    assert answer["node"]["address"] == checksum(SLASHED)
    shown = answer["dispute"]
    assert (shown["slash"], shown["status"], shown["closes_epoch"]) == (slash.pk, "voting", slash.epoch + 2)
    assert (
        shown["tally"]
        == {"uphold": "0.000000", "overturn": "0.000000", "abstain": "0.000000"} | NOT_REPRESENTED
    )
    assert (shown["quorum"], shown["quorum_base"], shown["missing"]) == (
        "290.000000",
        "2900.000000",
        "290.000000",
    )
    assert (shown["votes"], shown["deposit"], shown["deposit_returned"]) == ([], "50.000000", None)


def test_without_a_deposit_the_transaction_is_null(settings) -> None:
    settings.INFRAMIND_PARAMETERS = {"dispute_deposit": "0"}
    scenario.begin()
    slash = scenario.slash_node()
    scenario.advance_clock()
    assert post(f"slashes/{slash.pk}/dispute", {"reason": "No."})[1]["transaction"] is None


def test_a_repeated_request_opens_one_dispute(slash: Slash) -> None:
    olga, where = caller(OLGA), f"/api/v1/slashes/{slash.pk}/dispute"
    first, second = (
        olga.post(where, {"reason": "No."}, format="json", HTTP_IDEMPOTENCY_KEY="a") for _ in range(2)
    )
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (201, first.json())
    assert refusal(post(f"slashes/{slash.pk}/dispute", {"reason": "No."})) == (409, "already_disputed")


@pytest.mark.parametrize(
    ("wallet", "body", "refused"),
    [
        (None, {"reason": "No."}, (401, "unauthenticated")),
        (ANN, {"reason": "No."}, (403, "not_operator")),
        (OLGA, {}, (400, "invalid")),
        (OLGA, {"reason": 5}, (400, "invalid")),
        (OLGA, ["reason"], (400, "invalid")),
    ],
)
def test_an_invalid_dispute_request_is_refused(
    slash: Slash, wallet: str | None, body: Any, refused: tuple[int, str]
) -> None:
    assert refusal(post(f"slashes/{slash.pk}/dispute", body, wallet)) == refused
    assert get("disputes")["results"] == []


@pytest.mark.parametrize("number", [0, 999, 2**63, 10**30])
def test_unknown_numbers_are_not_found(slash: Slash, number: int) -> None:
    assert refusal(post(f"slashes/{number}/dispute", {"reason": "No."})) == (404, "not_found")
    for where in ("disputes", "proposals"):
        assert get(f"{where}/{number}") == (404, "not_found")
        assert get(f"{where}/{number}/votes") == (404, "not_found")
        assert refusal(post(f"{where}/{number}/vote", {"choice": "abstain"})) == (404, "not_found")


def test_a_slash_cannot_be_disputed_after_its_window(slash: Slash) -> None:
    scenario.settle()
    scenario.advance_clock()
    refused = refusal(post(f"slashes/{slash.pk}/dispute", {"reason": "No."}))
    assert refused == (409, "dispute_window_closed")


def test_a_dispute_shows_its_votes_and_tally(dispute: int) -> None:
    status, answer = post(f"disputes/{dispute}/vote", {"choice": "overturn", "reason": "Fair."}, ANN)
    assert (status, answer["vote"]["power"], answer["id"]) == (200, "400.000000", dispute)
    post(f"disputes/{dispute}/vote", {"choice": "uphold"}, CAT)
    post(f"disputes/{dispute}/vote", {"choice": "abstain"}, BEN)
    post(f"disputes/{dispute}/vote", {"choice": "overturn"}, CAT)
    shown = get(f"disputes/{dispute}")
    tally = {"uphold": "0.000000", "overturn": "600.000000", "abstain": "300.000000"}
    assert shown["tally"] == tally | NOT_REPRESENTED
    assert (shown["turnout"], shown["missing"], shown["voters"]) == ("900.000000", "0.000000", 3)
    assert [vote["wallet"] for vote in shown["votes"]] == [checksum(ANN), checksum(BEN), checksum(CAT)]
    assert shown["votes"][0]["reason"] == "Fair."


def test_a_decided_dispute_shows_its_outcome(dispute: int) -> None:
    post(f"disputes/{dispute}/vote", {"choice": "overturn"}, ANN)
    scenario.settle()
    scenario.settle()
    shown = get(f"disputes/{dispute}")
    assert (shown["status"], shown["quorum_met"], shown["deposit_returned"]) == ("overturned", True, True)
    assert shown["closed_at"] is not None


@pytest.mark.parametrize(
    ("wallet", "body", "refused"),
    [
        (None, {"choice": "uphold"}, (401, "unauthenticated")),
        (OLGA, {"choice": "uphold"}, (403, "conflict_of_interest")),
        (DAN, {"choice": "uphold"}, (403, "no_voting_power")),
        (OLGA, {"choice": "for"}, (400, "invalid")),
        (DAN, {}, (400, "invalid")),
        (DAN, {"choice": "uphold", "reason": False}, (400, "invalid")),
        (DAN, [], (400, "invalid")),
    ],
)
def test_an_invalid_vote_is_refused(
    dispute: int, wallet: str | None, body: Any, refused: tuple[int, str]
) -> None:
    assert refusal(post(f"disputes/{dispute}/vote", body, wallet)) == refused
    assert get(f"disputes/{dispute}")["votes"] == []


def test_optional_texts_may_be_null(dispute: int) -> None:
    scenario.settle()
    scenario.advance_clock()
    made = post("proposals", CHANGES | {"body": None}, NILS)
    assert (made[0], made[1]["body"]) == (201, "")
    status, answer = post(f"proposals/{made[1]['id']}/vote", {"choice": "for", "reason": None}, NILS)
    assert (status, answer["vote"]["reason"]) == (200, "")
    status, answer = post(f"disputes/{dispute}/evidence", {"text": "The log.", "link": None})
    assert answer["evidence"][0]["link"] == ""


def test_vote_closed_is_refused_before_an_invalid_choice(dispute: int) -> None:
    scenario.settle()
    scenario.settle()
    scenario.advance_clock()
    for body in ({"choice": "maybe"}, {"choice": "uphold"}):
        assert refusal(post(f"disputes/{dispute}/vote", body, OLGA)) == (409, "vote_closed")


def test_lists_can_be_filtered_and_paged(dispute: int) -> None:
    assert [row["id"] for row in get("disputes")["results"]] == [dispute]
    assert get("disputes", status="upheld")["results"] == []
    assert len(get("disputes", node=SLASHED)["results"]) == 1
    assert get("disputes", node=scenario.HONEST)["results"] == []
    assert len(get("disputes", slash=Slash.objects.get().pk)["results"]) == 1
    assert get("disputes", slash=0)["results"] == []
    assert get("disputes", slash="x") == (400, "invalid")
    assert get("disputes", status="maybe") == (400, "invalid")
    assert get("disputes", node="0x12") == (400, "address_invalid")
    assert get("disputes", limit=0) == (400, "invalid")
    for wallet in (ANN, BEN, CAT):
        post(f"disputes/{dispute}/vote", {"choice": "uphold", "reason": wallet[-1]}, wallet)
    first = get(f"disputes/{dispute}/votes", limit=2, ordering="power")
    assert [vote["wallet"] for vote in first["results"]] == [checksum(CAT), checksum(BEN)]
    second = APIClient().get(first["next"]).json()
    assert ([vote["wallet"] for vote in second["results"]], second["next"]) == ([checksum(ANN)], None)
    assert get(f"disputes/{dispute}/votes", choice="overturn")["results"] == []
    assert len(get(f"disputes/{dispute}/votes", with_reason="true")["results"]) == 3
    assert get(f"disputes/{dispute}/votes", ordering="luck") == (400, "invalid")


def test_the_query_count_of_a_list_is_constant(dispute: int, django_assert_num_queries) -> None:
    client = APIClient()
    with django_assert_num_queries(8):
        client.get("/api/v1/disputes")
    for wallet in (ANN, BEN, CAT):
        post(f"disputes/{dispute}/vote", {"choice": "uphold"}, wallet)
    other = scenario.slash_node(scenario.HONEST)
    scenario.advance_clock()
    post(f"slashes/{other.pk}/dispute", {"reason": "No."}, NILS)
    with django_assert_num_queries(8):
        client.get("/api/v1/disputes")


def test_the_operator_can_add_evidence(dispute: int) -> None:
    sent = {"text": "Our log", "link": "https://example.org/log"}
    status, answer = post(f"disputes/{dispute}/evidence", sent)
    assert status == 201
    assert [(piece["text"], piece["link"]) for piece in answer["evidence"]] == [tuple(sent.values())]
    assert refusal(post(f"disputes/{dispute}/evidence", sent, ANN)) == (403, "not_operator")
    bad = {"text": "x", "link": "javascript:alert(1)"}
    assert refusal(post(f"disputes/{dispute}/evidence", bad)) == (400, "invalid")


CHANGES = {"title": "More", "body": "Why.", "changes": {"emission_per_epoch": "12000", "quorum_bps": 900}}


def test_a_proposal_that_passes_changes_the_parameters() -> None:
    scenario.begin()
    scenario.advance_clock()
    status, made = post("proposals", CHANGES, NILS)
    assert (status, made["status"], made["changes"]) == (201, "voting", CHANGES["changes"])
    assert (made["proposer"], made["closes_epoch"], made["executes_epoch"]) == (checksum(NILS), 5, 6)
    nothing = {"for": "0.000000", "against": "0.000000", "abstain": "0.000000"}
    assert made["tally"] == nothing | {"represented": nothing}
    status, answer = post(f"proposals/{made['id']}/vote", {"choice": "for"}, NILS)
    assert (status, answer["tally"]["for"]) == (200, "1000.000000")
    while scenario.epoch().number <= 6:
        scenario.settle()
    done = get(f"proposals/{made['id']}")
    assert (done["status"], done["parameters_version"]) == ("executed", 2)
    assert scenario.epoch().params.emission_per_epoch == 12_000 * MICRO
    assert [one["id"] for one in get("proposals", status="executed")["results"]] == [made["id"]]
    assert get("proposals", status="maybe") == (400, "invalid")


@pytest.mark.parametrize(
    ("wallet", "changed", "refused"),
    [
        (None, {}, (401, "unauthenticated")),
        (ANN, {}, (403, "no_voting_power")),
        (NILS, {"title": ""}, (400, "invalid")),
        (NILS, {"changes": {}}, (400, "invalid")),
        (NILS, {"changes": {"quorum_bps": 1}}, (400, "parameter_out_of_bounds")),
        (NILS, {"changes": {"quorum_bps": 1e3}}, (400, "parameter_out_of_bounds")),
        (NILS, {"changes": {"emission_per_epoch": "1e3"}}, (400, "parameter_out_of_bounds")),
        (NILS, {"changes": {"chance": 1}}, (400, "parameter_out_of_bounds")),
        (NILS, {"changes": {"tiers": []}}, (400, "parameter_out_of_bounds")),
    ],
)
def test_an_invalid_proposal_is_refused(
    wallet: str | None, changed: dict[str, Any], refused: tuple[int, str]
) -> None:
    scenario.begin()
    scenario.advance_clock()
    assert refusal(post("proposals", CHANGES | changed, wallet)) == refused
    assert get("proposals")["results"] == []


def test_an_invalid_vote_on_a_proposal_is_refused() -> None:
    scenario.begin()
    scenario.advance_clock()
    made = post("proposals", CHANGES, NILS)[1]["id"]
    assert refusal(post(f"proposals/{made}/vote", {"choice": "uphold"}, DAN)) == (400, "invalid")
    assert refusal(post(f"proposals/{made}/vote", {"choice": "for"}, DAN)) == (403, "no_voting_power")
    while scenario.epoch().number <= 5:
        scenario.settle()
    scenario.advance_clock()
    assert refusal(post(f"proposals/{made}/vote", {"choice": "uphold"}, DAN)) == (409, "vote_closed")


@pytest.mark.parametrize(
    "where", ["slashes/1/dispute", "disputes/1/vote", "disputes/1/evidence", "proposals/1/vote"]
)
def test_post_endpoints_refuse_get(where: str) -> None:
    assert get(where) == (405, "method_not_allowed")


def test_the_effect_of_a_proposal_and_of_changes_can_be_read() -> None:
    scenario.begin()
    scenario.advance_clock()
    made = post("proposals", CHANGES, NILS)[1]["id"]
    shown = get(f"proposals/{made}/effect")
    assert (shown["first_epoch"], shown["last_epoch"], shown["mine"], shown["nodes"]) == (1, 1, None, [])
    assert (shown["before"]["minted"], shown["after"]["minted"]) == ("10000.000000", "12000.000000")
    status, mine = post("proposals/preview", {"changes": CHANGES["changes"]}, NILS)
    assert (status, mine["mine"]) == (
        200,
        {"before": "0.000000", "after": "0.000000", "difference": "0.000000"},
    )
    refused = refusal(post("proposals/preview", {"changes": {"quorum_bps": 1}}, NILS))
    assert refused == (400, "parameter_out_of_bounds")
    assert refusal(post("proposals/preview", {}, NILS)) == (400, "invalid")
    assert refusal(post("proposals/preview", {"changes": {}}, None)) == (401, "unauthenticated")
    assert len(get("proposals")["results"]) == 1


def test_a_dispute_that_is_decided_between_two_pages_hides_none(slash: Slash) -> None:
    """Votes and disputes are paged by a version of the list, not by counting rows again."""
    post(f"slashes/{slash.pk}/dispute", {"reason": "The oracle read another machine."})
    dispute = get("disputes")["results"][0]["id"]
    for wallet in (ANN, BEN, CAT):
        post(f"disputes/{dispute}/vote", {"choice": "uphold", "reason": ""}, wallet)
    first = get(f"disputes/{dispute}/votes", limit=2, ordering="-at")
    assert [vote["wallet"] for vote in first["results"]] == [checksum(CAT), checksum(BEN)]
    # Ann's vote becomes the newest: it is on the page on which it would have been.
    post(f"disputes/{dispute}/vote", {"choice": "overturn", "reason": ""}, ANN)
    post(f"disputes/{dispute}/vote", {"choice": "abstain", "reason": ""}, OLGA)
    second = APIClient().get(first["next"]).json()
    assert [(vote["wallet"], vote["choice"]) for vote in second["results"]] == [(checksum(ANN), "overturn")]
    assert second["next"] is None


def test_a_proposal_made_between_two_pages_doubles_none() -> None:
    scenario.begin({ANN: 5_000 * MICRO})
    scenario.advance_clock()
    bodies = [{"title": f"Number {number}", "changes": {"quorum_bps": 500 + number}} for number in range(4)]
    made = [post("proposals", body, ANN)[1]["id"] for body in bodies[:3]]
    first = get("proposals", limit=2, status="voting")
    post("proposals", bodies[3], ANN)
    second = APIClient().get(first["next"]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == made[::-1]
