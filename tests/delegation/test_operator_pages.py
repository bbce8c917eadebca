"""The operator console, its forms and their refusals."""

from __future__ import annotations

import re

from staking.models import Node
from tests.delegation.site import text
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, shown

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def confirmed(client, where: str, form: dict[str, str]):
    """Send a form and confirm its review; the answer to the confirmation."""
    reviewed = client.post(where, form)
    assert reviewed.status_code == 200, text(reviewed)
    return client.post(where, dict(FIELD.findall(reviewed.content.decode())))


def test_the_console_shows_the_open_epoch_and_its_distance_to_a_slash(delegated, sign_in):
    delegated.work(NORTH, 17)
    delegated.work(NORTH, 3, outcome="timeout")
    page = text(sign_in(OLGA).get("/operator/"))
    assert "Provisional" in page
    assert "17 good of 20 accepted" in page
    assert "0 more failed jobs are possible before SLA falls below 85%" in page
    delegated.work(NORTH, 1, outcome="dropped")
    page = text(sign_in(OLGA).get("/operator/"))
    assert "Below the threshold of 85%" in page
    # 17 of 21 is 80.95 %; 23 of 27 is 85.18 %, 22 of 26 only 84.61 %.
    assert "6 more good jobs bring it back" in page


def test_the_console_has_the_rewards_of_the_node_as_a_chart(delegated, sign_in):
    delegated.work(NORTH, 10)
    delegated.settle()
    page = sign_in(OLGA).get("/operator/").content.decode()
    assert 'id="rewards-card"' in page
    assert "charts.js" in page
    assert re.search(r'data-of="rewards-\d+"', page)


def test_terms_are_reviewed_and_saved_or_refused_at_their_field(delegated, sign_in):
    olga, where = sign_in(OLGA), f"/operator/{NORTH}/terms/"
    review = text(olga.post(where, {"delegation_cap": "5000", "delegator_share_bps": "75"}))
    assert "Change the terms of Node 01" in review
    assert "Delegators are notified of the reduced share" in review
    assert Node.objects.get(address=NORTH).delegation_cap is None
    saved = confirmed(olga, where, {"delegation_cap": "5000", "delegator_share_bps": "75"})
    assert saved.status_code == 303
    node = Node.objects.get(address=NORTH)
    assert (node.delegation_cap, node.next_share_bps) == (5_000_000_000, 7_500)
    assert "The terms are saved" in text(olga.get(saved["Location"]))
    refused = olga.post(where, {"delegation_cap": "", "delegator_share_bps": "74.99"})
    assert refused.status_code == 400
    assert "Enter at least 75%: the share is reduced in steps, one each epoch." in text(refused)
    assert "share_cut_too_large" in text(refused)
    assert "Enter a value from 50% to 100%." in text(
        olga.post(where, {"delegation_cap": "", "delegator_share_bps": "12"})
    )
    refused = olga.post(where, {"delegation_cap": "lots", "delegator_share_bps": "80"})
    assert "amount_invalid" in text(refused)
    assert Node.objects.get(address=NORTH).delegation_cap == 5_000_000_000
    assert sign_in(ANNA).post(where, {"delegation_cap": "", "delegator_share_bps": "80"}).status_code == 404


def test_forms_read_numbers_in_the_readers_style(delegated, sign_in):
    olga = sign_in(OLGA)
    olga.cookies["language"] = "de"
    assert re.search(r'name="delegator_share_bps" value="80"', olga.get("/operator/").content.decode())
    assert confirmed(
        olga, f"/operator/{NORTH}/terms/", {"delegation_cap": "2.500,50", "delegator_share_bps": "82,5"}
    )
    node = Node.objects.get(address=NORTH)
    assert (node.delegation_cap, node.next_share_bps) == (2_500_500_000, 8_250)
    shown_again = olga.get("/operator/").content.decode()
    assert 'name="delegation_cap" value="2500,5"' in shown_again
    assert 'name="delegator_share_bps" value="82,5"' in shown_again


def test_a_node_is_registered_changed_and_retired_on_pages(net, sign_in):
    otto = sign_in(OTTO)
    assert "You operate no node" in text(otto.get("/operator/"))
    form = {
        "address": shown(EAST), "name": "East 1", "region": "eu-west", "gpu": "H100", "gpus": "2",
        "gpu_memory_gb": "80", "more": "ram_gb = 512",
        "signing_key": "", "delegation_cap": "", "delegator_share_bps": "80",
    }  # fmt: skip
    where = "/operator/register/"
    for wrong, words in (
        ({"name": " "}, "This field is required"),
        ({"address": "0x1"}, "address_invalid"),
        ({"region": "mars"}, "Select a valid choice"),
        ({"gpu": "other"}, "Name the accelerator"),
        ({"gpus": "0"}, "Enter a value from 1 to 1,024"),
        ({"more": "nonsense"}, "Write each value on a line of its own"),
    ):
        refused = otto.post(where, {**form, **wrong})
        assert refused.status_code == 400
        assert words in text(refused)
    review = otto.post(where, form)
    for words in ("Register East 1", "2 × H100, 80 GB", "ram_gb", "512", "80.00%"):
        assert words in text(review)
    assert not Node.objects.filter(address=EAST).exists()
    sent = dict(FIELD.findall(review.content.decode()))
    assert 'value="East 1"' in otto.post(where, {**sent, "edit": "1"}).content.decode()
    made = [otto.post(where, sent) for _ in range(2)]
    assert [answer.status_code for answer in made] == [303, 303]
    node = Node.objects.get(address=EAST)
    assert node.hardware == {"gpu": "H100", "gpus": 2, "gpu_memory_gb": 80, "ram_gb": 512}
    assert (node.custodial, node.delegation_cap) == (False, None)
    assert sign_in(OLGA).post(where, form).status_code == 409

    where = f"/operator/{EAST}"
    details = {"name": "East one", "region": "eu-west", "signing_key": shown(NORTH), "gpu": "", "more": ""}
    assert otto.post(f"{where}/details/", details).status_code == 303
    assert "invalid" in text(otto.post(f"{where}/details/", {**details, "more": "nonsense"}))
    node.refresh_from_db()
    assert (node.name, node.hardware) == ("East one", {})
    for stranger in (sign_in(OLGA), sign_in(ANNA)):
        for path in ("", "/retire/", "/terms/", "/details/"):
            assert stranger.get(f"{where}{path or '/'}").status_code in (404, 405)
        assert stranger.post(f"{where}/retire/").status_code == 404
    review = otto.get(f"{where}/retire/", follow=True)
    assert "This is final" in text(review)
    sent = dict(FIELD.findall(review.content.decode()))
    assert [otto.post(f"{where}/retire/", sent).status_code for _ in range(2)] == [303, 303]
    assert "The node is retired and accepts no stake" in text(otto.get(f"{where}/"))


def test_refusals_and_outcomes_are_said_in_the_language_of_the_reader(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    for outcome in ("timeout", "rejected", "dropped", "schema_mismatch"):
        net.work(NORTH, 1, outcome=outcome)
    olga = sign_in(OLGA)
    german = {"Accept-Language": "de"}
    refused = olga.post(f"/operator/{NORTH}/retire/", {"key": "x"}, follow=True, headers=german)
    assert "Öffnen Sie die Übersicht noch einmal: ih" in text(refused)
    assert "Open the review again" not in text(refused)
    console = text(olga.get(f"/operator/{NORTH}/", headers=german))
    for words in ("abgelaufen", "abgelehnt", "abgebrochen", "falsches Schema"):
        assert words in console, words
    assert not re.search("Timeout|Rejected|Dropped|Schema_Mismatch", console)


def test_the_quorum_access_of_a_tier_is_named_in_the_language_of_the_reader(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    net.fund(OLGA, 1_000)
    where, german = f"/money/stake/?node={NORTH}&amount=1000", {"Accept-Language": "de"}
    preview = text(sign_in(OLGA).get(where, headers=german))
    assert "keine" in preview
    assert "Mitglied" in preview
    assert "member" not in preview
