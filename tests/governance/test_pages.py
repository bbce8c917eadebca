"""Pages of governance: content for each reader, forms that run once."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.models import Dispute, DisputeEvidence, Proposal, Vote
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.votes import vote_dispute, vote_proposal
from identity.models import User
from protocol.amounts import MICRO
from staking.models import Slash
from staking.services.parameters import schedule
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, NILS, OLGA
from tests.governance.site import browser, page, review
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>"


@shared
def slash() -> Slash:
    scenario.begin()
    slash = scenario.slash_node()
    scenario.advance_clock()
    return slash


@shared
def dispute(slash: Slash) -> Dispute:
    return open_dispute(slash=slash.pk, reason=EVIL, actor=OLGA, now=scenario.now())


@shared
def proposal(slash: Slash) -> Proposal:
    return propose(title=EVIL, body=EVIL, changes={"q_latency_bps": 1_200}, wallet=NILS, now=scenario.now())


def test_every_page_renders_for_every_reader_and_escapes_texts(dispute: Dispute, proposal: Proposal) -> None:
    places = ["/governance/", "/slashes/", "/proposals/", "/parameters/", f"/disputes/{dispute.pk}/",
              f"/proposals/{proposal.pk}/"]  # fmt: skip
    for where in places:
        for wallet in (None, OLGA, ANN, DAN):
            html = page(where, wallet)
            assert EVIL not in html
            assert 'style="' not in html
            assert "<script>" not in html
            assert html.count("<h1") == 1


@pytest.mark.parametrize("where", ["/governance/", "/slashes/", "/proposals/", "/parameters/"])
def test_pages_render_on_an_empty_network(where: str) -> None:
    scenario.begin()
    scenario.advance_clock()
    page(where)


@pytest.mark.parametrize(
    "where",
    [
        "/disputes/0/", "/disputes/99999999999999999999/", "/slashes/0/", "/proposals/0/",
        "/proposals/99999999999999999999/", "/slashes/?page=9", "/proposals/?page=9",
    ],
)  # fmt: skip
def test_unknown_pages_are_not_found(slash: Slash, where: str) -> None:
    page(where, status=404)


@pytest.mark.parametrize(
    "where",
    [
        "/slashes/?status=maybe",
        "/slashes/?node=0x12",
        "/slashes/?offence=luck",
        "/slashes/?page=x",
        "/proposals/?status=maybe",
    ],
)
def test_invalid_query_parameters_are_bad_requests(slash: Slash, where: str) -> None:
    page(where, status=400)


def test_a_wrong_filter_of_slashes_is_named_at_its_field(slash: Slash) -> None:
    assert 'id="status_error"' in page("/slashes/?status=maybe", status=400)
    wrong = page("/slashes/?node=0x12", status=400)
    assert 'id="node_error"' in wrong
    assert "address_invalid" in wrong


def test_a_dispute_explains_the_voting_power_of_the_reader(dispute: Dispute) -> None:
    where = f"/disputes/{dispute.pk}/"
    assert "Sign in to vote" in page(where)
    assert "Operators cannot vote on slashes of their own nodes" in page(where, OLGA)
    assert "You had no stake at the opening of epoch 3" in page(where, DAN)
    ann = page(where, ANN)
    assert "Stake at the opening of epoch 3" in ann
    assert "Review vote" in ann
    scenario.fund_and_delegate(DAN, 70 * MICRO)
    scenario.settle()
    scenario.advance_clock()
    assert "Your present stake of 70.00 IFM counts in votes opened from now on." in page(where, DAN)


def test_a_dispute_shows_the_amounts_at_stake(dispute: Dispute) -> None:
    html = page(f"/disputes/{dispute.pk}/", OLGA)
    for amount in ("−250.000000", "187.500000", "62.500000"):
        assert amount in html
    assert "Net" in html
    assert "You have no stake on this node." in page(f"/disputes/{dispute.pk}/", ANN)


def test_the_shown_amounts_equal_the_executed_slash(slash: Slash) -> None:
    before = page(f"/slashes/{slash.pk}/", OLGA)
    scenario.settle()
    slash.refresh_from_db()
    after = page(f"/slashes/{slash.pk}/")
    assert "If it is executed" in before
    assert "Slashed amount" in after
    for amount in (slash.self_slashed, slash.burned, slash.honest):
        shown = f"{amount // MICRO}.{amount % MICRO:06d}"
        assert shown in before
        assert shown in after


def test_a_disputed_slash_redirects_to_its_dispute(dispute: Dispute) -> None:
    answer = browser(None).get(f"/slashes/{dispute.slash_id}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/disputes/{dispute.pk}/")


def test_a_confirmed_vote_is_stored_once(dispute: Dispute) -> None:
    where = f"/disputes/{dispute.pk}/vote/"
    client, form = review(ANN, where, {"choice": "overturn", "reason": "Fair.\r\nTwo lines"})
    assert not Vote.objects.exists()
    for _ in range(3):
        answer = client.post(where, form)
        assert (answer.status_code, answer["Location"]) == (303, f"/disputes/{dispute.pk}/#vote")
    vote = Vote.objects.get()
    assert (vote.choice, vote.reason, vote.power) == ("overturn", "Fair.\nTwo lines", 400 * MICRO)
    seen = client.get(f"/disputes/{dispute.pk}/").content.decode()
    assert "You voted Overturn with 400.00 IFM." in seen
    assert "Review new vote" in seen
    # The reason of the first vote is shown, but is not the reason of the next.
    assert "<blockquote" in seen
    assert re.search(r'<textarea name="reason"[^>]*>\s*</textarea>', seen)


def test_a_vote_has_no_money_page(dispute: Dispute) -> None:
    where = f"/disputes/{dispute.pk}/vote/"
    client, form = review(ANN, where, {"choice": "uphold", "reason": ""})
    assert client.post(where, form).status_code == 303
    assert client.get(f"/money/done/{form['key']}/").status_code == 404


def test_a_review_key_is_valid_for_its_own_form_only(dispute: Dispute) -> None:
    where = f"/disputes/{dispute.pk}/vote/"
    client, form = review(ANN, where, {"choice": "overturn", "reason": ""})
    assert client.post(where, form).status_code == 303
    refused = client.post(where, {**form, "choice": "uphold"})
    assert refused.status_code == 409
    assert "idempotency_conflict" in refused.content.decode()
    assert client.post(where, {**form, "key": "no key"}).status_code == 400
    assert Vote.objects.get().choice == "overturn"


@pytest.mark.parametrize(
    ("wallet", "choice", "status", "error"),
    [
        (OLGA, "uphold", 403, "<code>conflict_of_interest</code>"),
        (DAN, "uphold", 403, "<code>no_voting_power</code>"),
        (ANN, "maybe", 400, "Choose one of the options."),
        (ANN, "", 400, "Choose one of the options."),
    ],
)
def test_a_refused_vote_shows_the_error_and_the_entered_text(
    dispute: Dispute, wallet: str, choice: str, status: int, error: str
) -> None:
    answer = browser(wallet).post(f"/disputes/{dispute.pk}/vote/", {"choice": choice, "reason": "My words"})
    html = answer.content.decode()
    assert answer.status_code == status
    assert error in html
    assert not Vote.objects.exists()


def test_a_vote_that_closed_before_confirmation_is_refused(dispute: Dispute) -> None:
    where = f"/disputes/{dispute.pk}/vote/"
    client, form = review(ANN, where, {"choice": "overturn", "reason": ""})
    scenario.settle()
    scenario.settle()
    scenario.advance_clock()
    refused = client.post(where, form)
    assert refused.status_code == 409
    assert "vote_closed" in refused.content.decode()
    assert "The vote has ended." in refused.content.decode()


def test_forms_require_sign_in_and_a_csrf_token(dispute: Dispute, proposal: Proposal) -> None:
    for where in (f"/disputes/{dispute.pk}/vote/", f"/disputes/{dispute.pk}/evidence/",
                  f"/proposals/{proposal.pk}/vote/", f"/slashes/{dispute.slash_id}/dispute/",
                  "/proposals/new/"):  # fmt: skip
        assert browser(None).post(where, {"choice": "uphold"}).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get_or_create(address=ANN)[0])
    assert strict.post(f"/disputes/{dispute.pk}/vote/", {"choice": "uphold"}).status_code == 403


@pytest.mark.parametrize("form", ["vote", "evidence"])
def test_a_get_on_a_form_url_redirects_to_its_page(dispute: Dispute, form: str) -> None:
    answer = browser(ANN).get(f"/disputes/{dispute.pk}/{form}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/disputes/{dispute.pk}/")


def test_a_confirmed_dispute_is_opened_once(slash: Slash) -> None:
    where = f"/slashes/{slash.pk}/dispute/"
    assert "Review dispute" in page(f"/slashes/{slash.pk}/", OLGA)
    assert "Review dispute" not in page(f"/slashes/{slash.pk}/", ANN)
    client, form = review(OLGA, where, {"reason": "The oracle read another machine."})
    assert scenario.wallet(OLGA) == 1_000 * MICRO
    places = {client.post(where, form)["Location"] for _ in range(3)}
    assert places == {f"/disputes/{Dispute.objects.get().pk}/"}
    assert scenario.wallet(OLGA) == 950 * MICRO


def test_the_dispute_review_shows_the_end_of_the_vote(slash: Slash) -> None:
    """Whatever the DAO decided since: the window is fixed with the slash."""
    schedule(
        changes={"dispute_voting_epochs": 2, "epoch_seconds": 43_200},
        from_epoch=scenario.epoch().number + 1, proposal=1, now=scenario.now(),
    )  # fmt: skip
    Slash.objects.filter(pk=slash.pk).update(due_epoch=9, disputable_until_epoch=9)
    scenario.settle()
    scenario.advance_clock()
    answer = browser(OLGA).post(
        f"/slashes/{slash.pk}/dispute/", {"reason": "The oracle read another machine."}
    )
    assert f"epoch {slash.epoch + 2}<" in answer.content.decode()


def test_a_refused_dispute_shows_the_error(slash: Slash) -> None:
    assert browser(ANN).post(f"/slashes/{slash.pk}/dispute/", {"reason": "No."}).status_code == 403
    empty = browser(OLGA).post(f"/slashes/{slash.pk}/dispute/", {"reason": " "})
    assert empty.status_code == 400
    assert not Dispute.objects.exists()


def test_confirmed_evidence_is_added_once(dispute: Dispute) -> None:
    where = f"/disputes/{dispute.pk}/evidence/"
    client, form = review(OLGA, where, {"text": EVIL, "link": "https://example.org/a?b=1&c=2"})
    for _ in range(3):
        assert client.post(where, form).status_code == 303
    assert DisputeEvidence.objects.count() == 1
    html = page(f"/disputes/{dispute.pk}/")
    assert EVIL not in html
    assert 'href="https://example.org/a?b=1&amp;c=2"' in html
    bad = browser(OLGA).post(where, {"text": "x", "link": "javascript:alert(1)"})
    assert bad.status_code == 400
    assert "javascript:alert(1)" in bad.content.decode()
    assert 'href="javascript' not in bad.content.decode()


def test_the_history_of_parameters_links_the_proposal(slash: Slash) -> None:
    made = propose(title="Q", body="", changes={"quorum_bps": 900}, wallet=NILS, now=scenario.now())
    for wallet in (NILS, OLGA):
        vote_proposal(proposal=made.pk, choice="for", reason="", wallet=wallet, now=scenario.now())
    while scenario.epoch().number <= made.closes_epoch + 1:
        scenario.settle()
    scenario.advance_clock()
    html = page("/parameters/")
    assert "Parameters v2" in html
    assert f'href="/proposals/{made.pk}/"' in html
    assert "10%" in html
    assert "9%" in html
    assert "In force from epoch" not in page(f"/proposals/{made.pk}/")


def test_the_overview_lists_the_open_votes_of_the_reader(dispute: Dispute, proposal: Proposal) -> None:
    html = page("/governance/", ANN)
    assert "You can vote on" in html
    assert "can vote" in html
    vote_dispute(dispute=dispute.pk, choice="uphold", reason="", wallet=ANN, now=scenario.now())
    assert "Uphold" in page("/governance/", ANN)
    assert "You can vote on" not in page("/governance/", DAN)
    assert "no voting power" in page("/governance/", OLGA)


def test_the_overview_shows_a_limited_number_of_proposals(proposal: Proposal) -> None:
    for number in range(27):
        Proposal.objects.create(
            **{f.name: getattr(proposal, f.name) for f in Proposal._meta.fields if f.name not in ("id", "title")},
            id=proposal.pk + 1 + number,
            title=f"More {number:02d}.",
        )  # fmt: skip
    html = page("/governance/")
    assert "28</span>" in html[html.index("Open proposals") :][:120]
    assert len(re.findall(r"More \d\d\.", html)) == 24
    assert "More 23." in html


def test_votes_can_be_filtered_and_sorted(dispute: Dispute) -> None:
    for wallet, choice, reason in ((ANN, "uphold", ""), (BEN, "overturn", "Because"), (CAT, "abstain", "")):
        vote_dispute(dispute=dispute.pk, choice=choice, reason=reason, wallet=wallet, now=scenario.now())
    rows = re.compile(r'<tr><th scope="row" class="is-head">')

    def count(query: str) -> int:
        html = page(f"/disputes/{dispute.pk}/{query}")
        return len(rows.findall(html[html.index('id="votes"') :]))

    assert (count(""), count("?votes=uphold"), count("?votes=reason")) == (3, 1, 1)
    ordered = page(f"/disputes/{dispute.pk}/?sort=power")
    assert ordered.index("200<") < ordered.rindex("400<")
    page(f"/disputes/{dispute.pk}/?votes=maybe", status=400)
    page(f"/disputes/{dispute.pk}/?sort=luck", status=400)


def test_pages_of_slashes_stay_as_they_are_while_slashes_come(slash: Slash) -> None:
    newest = f"/slashes/?newest={slash.pk}"
    row = f'<a href="/slashes/{slash.pk}/">#{slash.pk}</a>'
    copied = {f.name: getattr(slash, f.name) for f in Slash._meta.fields if f.name not in ("id", "epoch")}
    later = Slash.objects.create(**copied, id=slash.pk + 1, epoch=slash.epoch + 1)
    assert f"#{later.pk}</a>" in page("/slashes/")
    first = page(newest)
    assert row in first
    assert f"#{later.pk}</a>" not in first
    page("/slashes/?newest=x", status=400)


def test_slashes_can_be_downloaded_as_csv(slash: Slash) -> None:
    scenario.settle()
    answer = browser(None).get("/slashes/?format=csv")
    assert not answer.streaming
    lines = answer.content.decode().splitlines()
    assert lines[0].startswith("slash,node,offence,epoch,epoch_end,status")
    assert lines[1].split(",")[8:11] == ["250.000000", "0.000000", "250.000000"]
    assert "Totals match the ledger" in page("/slashes/")


def queries_of(client: Client, where: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(where).status_code == 200
    return len(captured)


def more_votes_and_proposals(dispute: Dispute, wallets: tuple[str, ...], count: int) -> None:
    for wallet in wallets:
        vote_dispute(dispute=dispute.pk, choice="uphold", reason="", wallet=wallet, now=scenario.now())
    for number in range(count):
        propose(title=f"P{number}", body="", changes={"quorum_bps": 900}, wallet=NILS, now=scenario.now())


@pytest.mark.parametrize("where", ["/governance/", "/proposals/"])
def test_votes_opened_in_many_epochs_take_the_queries_of_those_of_one(dispute: Dispute, where: str) -> None:
    client = browser(ANN)
    more_votes_and_proposals(dispute, (), 2)
    queries_of(client, where)
    few = queries_of(client, where)
    scenario.settle()
    more_votes_and_proposals(dispute, (), 1)
    assert Proposal.objects.filter(status="voting").values("opened_epoch").distinct().count() == 2
    assert queries_of(client, where) == few


@pytest.mark.parametrize(
    ("where", "most"),
    [
        ("/governance/", 30),
        ("/slashes/", 26),
        ("/parameters/", 26),
        ("/proposals/", 26),
        ("/disputes/1/", 40),
    ],
)
def test_the_query_count_of_pages_is_constant(dispute: Dispute, where: str, most: int) -> None:
    client, where = browser(ANN), where.replace("1", str(dispute.pk))
    more_votes_and_proposals(dispute, (ANN,), 1)
    queries_of(client, where)
    few = queries_of(client, where)
    more_votes_and_proposals(dispute, (BEN, CAT), 5)
    assert queries_of(client, where) == few <= most
