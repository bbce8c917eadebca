"""Figures on the pages of delegation, exact to the µIFM."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from django.db import connection
from django.test.utils import CaptureQueriesContext

from delegation.selectors.portfolio import portfolio_of
from delegation.selectors.positions import positions_of_wallet
from delegation.services import positions
from delegation.services.positions import undelegate
from staking.models import Node, Slash
from staking.services import faucet, stakes
from tests.shared_rows import shared
from tests.wallets import ANNA, BELA, EAST, NORTH, OLGA, OTTO, SOUTH, Caller, address, shown
from web.formatting import amount_digits

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
INLINE = re.compile(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*(?:src=|application/json))")


def text(answer) -> str:
    page = answer.content.decode()
    assert not INLINE.search(page)
    return re.sub(r"<[^>]+>", "", page)


@shared
def delegated(net):
    """ANNA has 1,500 on NORTH and 300 on SOUTH, both active; two epochs were worked."""
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 600)
    net.fund(ANNA, 2_000)
    anna = Caller(ANNA)
    anna.post(f"nodes/{NORTH}/delegate", {"amount": "1500"})
    anna.post(f"nodes/{SOUTH}/delegate", {"amount": "300"})
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH, SOUTH])
    return net


def test_signed_out_pages_ask_to_sign_in(net, client):
    for path in (
        "/portfolio/",
        "/operator/",
        "/operator/register/",
        "/money/claim-all/",
        f"/operator/{NORTH}/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Sign in with wallet" in text(answer)
    assert client.post("/money/claim-all/review/").status_code == 401
    assert client.post(f"/operator/{NORTH}/retire/").status_code == 401


def test_a_session_that_ended_is_continued_where_it_was(delegated, client, sign_in):
    where = f"/money/redelegate/?node={NORTH}&to={SOUTH}&amount=5"
    card = unquote(unescape(client.get(where).content.decode()))
    assert f'class="btn btn-primary" href="/signin/?next={where}"' in card
    assert sign_in(ANNA).get(where).status_code == 200


def test_a_text_that_was_sent_without_a_session_is_shown_again(delegated, client):
    page = "http://testserver/slashes/1/?votes=reason"
    answer = client.post("/slashes/1/dispute/", {"reason": "Ours <was> fine"}, headers={"Referer": page})
    assert answer.status_code == 401
    html = answer.content.decode()
    assert "Ours &lt;was&gt; fine</textarea>" in html
    assert "/signin/?next=/slashes/1/%3Fvotes%3Dreason" in html
    other = client.post("/slashes/1/dispute/", {"reason": ""}, headers={"Referer": "https://evil.example/x"})
    assert '/signin/?next=/"' in other.content.decode()
    assert "textarea" not in other.content.decode()


def test_the_portfolio_adds_up(delegated, sign_in):
    page = text(sign_in(ANNA).get("/portfolio/"))
    wallet = delegated.figures(ANNA)
    assert wallet.total == 2_000_000_000
    html = sign_in(ANNA).get("/portfolio/").content.decode()
    whole = amount_digits(wallet.total + wallet.claimable, 6)
    assert f'title="{whole} IFM"' in html
    assert "1,800.00" in page
    assert f'title="{amount_digits(wallet.claimable, 6)} IFM"' in html
    shares = [int(part.replace(".", "")) for part in re.findall(r"<small>(\d+\.\d)%", html)]
    assert sum(shares) == 1_000
    for words in ("Claim all", "Compound", "Redelegate", "Undelegate", "Concentration", "More than half"):
        assert words in page


def test_a_new_wallet_gets_test_tokens_once_on_a_devnet(net, sign_in, settings):
    bela = sign_in(BELA)
    assert "Get test tokens" in text(bela.get("/portfolio/"))
    for _ in range(2):
        assert bela.post("/faucet/").status_code == 303
    assert net.figures(BELA).available == faucet.FIRST_TOKENS == 1_000_000_000
    page = text(bela.get("/portfolio/"))
    assert page.count("1,000.00 IFM of test tokens are in your wallet.") == 1
    assert "Your wallet got its 1,000.00 IFM of test tokens before. Nothing was added." in page
    assert "Get test tokens" not in page
    settings.INFRAMIND_NETWORK = "production"
    assert sign_in(ANNA).post("/faucet/").status_code == 404


def test_a_redelegation_that_is_not_possible_says_why(delegated, sign_in):
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    page = text(sign_in(ANNA).get("/portfolio/"))
    assert "No redelegation: The operator is unbonding." in page
    assert "Operator unbonding" in page
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert "The operator is unbonding its own stake" in page
    assert "undelegating is possible" in page
    assert "No redelegation: The operator is unbonding." in page


def offers(page: str, source: str) -> bool:
    """Whether a page has a link that redelegates from a node."""
    return f"/money/redelegate/?node={source}" in page.lower()


def test_while_a_slash_is_pending_stake_can_be_redelegated_and_pages_say_what_cancels_it(
    delegated, sign_in, caller
):
    delegated.work(NORTH, 1, outcome="dropped")
    delegated.settle()
    for path in ("/portfolio/", f"/nodes/{NORTH}/", f"/nodes/{SOUTH}/"):
        assert offers(sign_in(ANNA).get(path).content.decode(), NORTH), path
    for path in ("/portfolio/", f"/nodes/{NORTH}/"):
        page = text(sign_in(ANNA).get(path))
        assert "a redelegation is cancelled if it is still pending then" in page
        assert "No redelegation" not in page
    assert caller(ANNA).post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "5"}).status_code == 201


def test_stake_that_the_hop_rule_binds_is_offered_nowhere(delegated, sign_in, caller):
    caller(ANNA).post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "100"})
    delegated.settle()
    assert (
        caller(ANNA).post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "5"}).json()["code"]
        == "redelegation_hop"
    )
    for path in ("/portfolio/", f"/nodes/{SOUTH}/", f"/nodes/{NORTH}/"):
        assert not offers(sign_in(ANNA).get(path).content.decode(), SOUTH), path
    for path in ("/portfolio/", f"/nodes/{SOUTH}/"):
        page = text(sign_in(ANNA).get(path))
        assert "No redelegation: It was redelegated to this node and can move again from 15 Jan" in page, path


def test_stake_on_a_node_whose_operator_unbonds_or_that_moves_already_is_not_offered(
    delegated, sign_in, caller
):
    caller(ANNA).post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "all"})
    caller(ANNA).post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "300"})
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    for source, reason in (
        (NORTH, "The operator is unbonding."),
        (SOUTH, "All of it moves after this epoch."),
    ):
        for path in ("/portfolio/", f"/nodes/{NORTH}/", f"/nodes/{SOUTH}/"):
            assert not offers(sign_in(ANNA).get(path).content.decode(), source), (source, path)
        assert f"No redelegation: {reason}" in text(sign_in(ANNA).get(f"/nodes/{source}/"))


def test_stake_on_a_banned_node_can_move_although_its_operator_unbonds(delegated, sign_in, caller):
    delegated.work(NORTH, 1, proof="forged")
    delegated.settle()
    delegated.settle(2)
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    for path in ("/portfolio/", f"/nodes/{NORTH}/"):
        assert offers(sign_in(ANNA).get(path).content.decode(), NORTH), path
    assert "its delegators cannot redelegate" not in text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert caller(ANNA).post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "5"}).status_code == 201


def test_a_node_to_redelegate_to_is_found_by_name(delegated, sign_in):
    anna = sign_in(ANNA)
    form = anna.get("/money/redelegate/", {"node": NORTH}).content.decode()
    assert "Node 02" in form
    assert f'value="{shown(NORTH)}" required' not in form
    part = anna.get(
        "/money/redelegate/",
        {"node": NORTH, "q": "nothing"},
        headers={"HX-Request": "true", "HX-Target": "targets"},
    ).content.decode()
    assert "<html" not in part
    assert "No open node matches" in part
    preview = text(anna.get("/money/redelegate/", {"node": NORTH, "to": shown(SOUTH), "amount": "500"}))
    for words in (
        "Reward per epoch of both, estimate",
        "APR for you, estimate",
        "If Node 01 is slashed",
        "If Node 02",
    ):
        assert words in preview


def test_an_empty_portfolio_says_what_to_do(net, sign_in):
    page = text(sign_in(BELA).get("/portfolio/"))
    for words in ("No delegations", "Find a node", "No stake is unbonding", "No rewards yet"):
        assert words in page


def test_anyone_reads_a_wallet_and_cannot_act_there(delegated, client, sign_in):
    for reader in (client, sign_in(BELA)):
        page = text(reader.get(f"/wallets/{shown(ANNA)}/"))
        assert "read-only" in page
        assert "1,800.00" in page
        for words in ("Claim all", "Undelegate from"):
            assert words not in page
    assert "open your portfolio" in text(sign_in(ANNA).get(f"/wallets/{ANNA}/"))
    assert client.get("/wallets/0x12/").status_code == 404


def test_slashes_of_one_epoch_are_one_alert_with_the_amount_of_the_highest_rate(delegated, sign_in):
    delegated.work(NORTH, 30)
    delegated.work(NORTH, 1, proof="invalid")
    delegated.work(NORTH, 1, outcome="dropped")
    delegated.settle()
    slashes = Slash.objects.filter(node__address=NORTH)
    assert {slash.delegated_bps for slash in slashes} == {2_500, 1_500}
    for path, words in (
        ("/portfolio/", "Node 01: 2 slashes of epoch 3 pending"),
        (f"/nodes/{NORTH}/", "2 slashes of epoch 3 are pending"),
    ):
        html = sign_in(ANNA).get(path).content.decode()
        alerts = html[html.index('id="alerts"') :].partition("</section>")[0]
        assert words in alerts
        assert alerts.count("375.00") >= 1
        assert "225.00" not in alerts
        assert "not added up" in alerts
        assert all(f'href="/slashes/{slash.pk}/"' in alerts for slash in slashes)
    undelegate(node=NORTH, amount=100_000_000, wallet=ANNA, now=delegated.now)
    (group,) = portfolio_of(ANNA, now=delegated.now).undecided_slashes
    assert (group.delegation, group.unbonding) == (350_000_000, 25_000_000)


def test_the_statement_page_shows_the_same_as_its_files(delegated, sign_in, caller):
    caller(ANNA).post(f"nodes/{NORTH}/claim")
    totals = caller(ANNA).get(f"wallets/{ANNA}/statement").json()["totals"]
    page = text(sign_in(ANNA).get(f"/wallets/{ANNA}/statement/"))
    for name in ("opening", "received", "given", "closing", "earned", "claimed", "claimable"):
        whole, _, fraction = totals[name].partition(".")
        assert f"{int(whole):,}.{fraction}" in page
    assert "Each epoch, with its factors" in page
    assert text(sign_in(ANNA).get(f"/wallets/{ANNA}/statement/?from=2026-01-05&to=2026-01-05"))
    bad = sign_in(ANNA).get(f"/wallets/{ANNA}/statement/?from=x")
    assert bad.status_code == 400
    assert "Enter a day as year-month-day" in text(bad)


def test_a_pending_slash_is_shown_on_the_positions_it_touches(delegated, sign_in):
    delegated.work(NORTH)
    delegated.work(NORTH, 1, proof="invalid")
    delegated.settle()
    page = text(sign_in(ANNA).get("/portfolio/"))
    assert "slash pending" in page
    assert "375.00 of the delegation" in page
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert "Up to 375.00 IFM of that is yours." in page
    assert "Closed while a slash is pending" in page
    page = text(sign_in(OLGA).get("/operator/"))
    assert page.count("Time left to dispute") == 1
    assert "−250.00" in page
    assert "−375.00" in page


def test_the_node_page_has_what_is_mine_beside_it(delegated, sign_in, client):
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    for words in (
        "Your position",
        "1,500.00",
        "APR paid to delegators",
        "NEW",
        "What an offence would cost you",
    ):
        assert words in page
    # Half of 1,500 for a forged trace; of 750 + 500 a quarter, 312.5, goes back.
    assert "750.00" in page
    assert "437.50" in page
    assert "redelegate from another node" in page
    assert "300 IFM on Node 02" in page
    page = text(client.get(f"/nodes/{NORTH}/", {"amount": "1000"}))
    assert "Your position" not in page
    assert "Your share of the pool" in page
    assert "Sign in to delegate" in page
    assert "Operator console" in text(sign_in(OLGA).get(f"/nodes/{NORTH}/"))
    assert client.get(f"/nodes/{EAST}/").status_code == 404


def test_a_reduced_share_is_shown_beside_the_button(delegated, sign_in, caller):
    caller(OLGA).client.patch(f"/api/v1/nodes/{NORTH}", {"delegator_share_bps": 7_600}, format="json")
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert "The delegator share was reduced" in page
    assert "From 80.00% to 76.00%, in force from epoch 4" in page
    review = text(sign_in(ANNA).get("/money/delegate/review/", {"node": NORTH, "amount": "10"}, follow=True))
    assert "reduced from 80.00% to 76.00%, in force from epoch 4" in review
    assert "becomes 76%" in re.sub(r"\s+", " ", review)


def test_an_estimate_is_for_everybody_and_says_so(delegated, client):
    page = text(client.get(f"/nodes/{NORTH}/estimate/", {"amount": "1000"}))
    assert "40.0%" in page  # 1,000 of 2,500
    assert "estimate" in page.lower()
    assert "amount_invalid" in text(client.get(f"/nodes/{NORTH}/estimate/", {"amount": "many"}))
    assert client.get(f"/nodes/{EAST}/estimate/", {"amount": "1"}).status_code == 404


def test_nodes_side_by_side(delegated, client):
    page = text(client.get("/compare/", {"n": [NORTH, SOUTH, "nonsense", NORTH]}))
    assert "Compare 2 nodes" in page
    for words in ("Node 01", "Node 02", "APR, last 90 epochs", "NEW", "non-custodial"):
        assert words in page
    for number in range(5):
        delegated.node(address(f"0e{number:02}"), OTTO, 0)
    many = [address(f"0e{number:02}") for number in range(5)]
    page = text(client.get("/compare/", {"n": many}))
    assert "1 more node is not shown" in page
    assert "Nothing to compare yet" in text(client.get("/compare/"))
    tried = text(client.get("/compare/", {"n": [NORTH, SOUTH], "amount": "1000"}))
    assert "APR for 1,000.00 IFM" in tried
    assert "estimate" in tried
    assert "amount_invalid" in text(client.get("/compare/", {"n": NORTH, "amount": "lots"}))


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


def test_an_unbonding_operator_is_named_beside_a_graver_state(delegated, sign_in, client):
    delegated.work(NORTH, 10)
    delegated.work(NORTH, 1, proof="invalid")
    delegated.settle()
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    for page in (text(client.get("/compare/", {"n": [NORTH, SOUTH]})), text(sign_in(OLGA).get("/operator/"))):
        assert "Slash pending" in page
        assert "Operator unbonding" in page


def confirmed(client, where: str, form: dict[str, str]):
    """Send a form and confirm its review; the answer to the confirmation."""
    reviewed = client.post(where, form)
    assert reviewed.status_code == 200, text(reviewed)
    return client.post(where, dict(FIELD.findall(reviewed.content.decode())))


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


def test_the_pages_of_a_statement_do_not_move_while_it_is_read(net, sign_in):
    for amount in range(1, 61):
        net.fund(ANNA, amount)
    anna, where = sign_in(ANNA), f"/wallets/{ANNA}/statement/"

    def transactions(page) -> list[int]:
        return [int(number) for number in re.findall(r'href="/transactions/(\d+)/"', page.content.decode())]

    first = anna.get(where)
    second = re.search(r'href="(\?rows=60&amp;page=2)"', first.content.decode())
    assert second
    net.fund(ANNA, 61)
    later = anna.get(where + second[1].replace("&amp;", "&"))
    shown_once = transactions(first) + transactions(later)
    assert len(shown_once) == 60
    assert shown_once == sorted(set(shown_once), reverse=True)


def queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def test_a_portfolio_of_200_positions_takes_as_many_queries_as_one_of_two(delegated, sign_in, caller):
    anna, api = sign_in(ANNA), caller(ANNA).client
    paths = ("/portfolio/", f"/wallets/{ANNA}/", f"/wallets/{ANNA}/statement/")
    endpoints = (
        f"wallets/{ANNA}",
        f"wallets/{ANNA}/delegations",
        f"wallets/{ANNA}/rewards",
        f"wallets/{ANNA}/statement",
    )
    for client, warm in ((anna, paths), (api, [f"/api/v1/{path}" for path in endpoints])):
        for path in warm:
            client.get(path)
    few = [queries(anna, path) for path in paths] + [queries(api, f"/api/v1/{path}") for path in endpoints]
    delegated.fund(ANNA, 1_000)
    for number in range(198):
        node = address(f"f{number:03}")
        delegated.node(node, OTTO, 0)
        positions.delegate(node=node, amount=2_000_000, wallet=ANNA, now=delegated.now)
    delegated.settle(worked=[NORTH])
    anna.get("/portfolio/")
    many = [queries(anna, path) for path in paths] + [queries(api, f"/api/v1/{path}") for path in endpoints]
    assert many == few
    assert max(many) <= 30
    assert len(caller(ANNA).get(f"wallets/{ANNA}/delegations", limit=200).json()["results"]) == 200


def test_hostile_names_stay_text(net, sign_in, caller):
    net.node(NORTH, OLGA, 1_000)
    name = "</title><script>alert(1)</script>{amount}%s"
    caller(OLGA).client.patch(f"/api/v1/nodes/{NORTH}", {"name": name}, format="json")
    net.fund(ANNA, 100)
    anna = sign_in(ANNA)
    caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "60"})
    caller(ANNA).post(f"nodes/{NORTH}/undelegate", {"amount": "10"})
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])
    paths = (
        "/portfolio/",
        f"/wallets/{ANNA}/statement/",
        f"/nodes/{NORTH}/",
        f"/compare/?n={NORTH}&amount=5",
        f"/money/delegate/?node={NORTH}&amount=5",
        f"/money/undelegate/?node={NORTH}&amount=5",
        f"/money/claim/review/?node={NORTH}",
        "/money/claim-all/review/",
    )
    for path in paths:
        page = anna.get(path, follow=True).content.decode()
        assert "<script>alert" not in page, path
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page, path
    assert "<script>alert" not in sign_in(OLGA).get("/operator/").content.decode()


def test_very_many_entries_are_summed_and_the_first_are_shown(net, sign_in, caller):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 50)
    caller(ANNA).post(f"nodes/{NORTH}/delegate", {"amount": "10"})
    for _ in range(203):
        undelegate(node=NORTH, amount=1, wallet=ANNA, now=net.now)
    assert caller(ANNA).get("me").json()["unbonding"] == "0.000203"
    html = sign_in(ANNA).get("/portfolio/").content.decode()
    assert html.count("Cancel unbonding") == 200
    assert "203 entries" in html
    assert "The 200 that mature first are shown." in html
    last = caller(ANNA).get(f"wallets/{ANNA}/unbondings?limit=200&offset=200").json()
    assert (len(last["results"]), last["next"]) == (3, None)
    first = caller(ANNA).get(f"wallets/{ANNA}/unbondings?limit=2&status=open").json()
    assert len(first["results"]) == 2
    assert "&cursor=" in first["next"]


def test_leaving_shows_the_reward_of_the_open_epoch_that_it_gives_up(delegated, sign_in):
    delegated.work(NORTH, 12)
    anna = sign_in(ANNA)
    before = positions_of_wallet(ANNA)
    preview = text(anna.get(f"/money/undelegate/?node={NORTH}&amount=500"))
    delegated.settle()
    after = {position.node: position.claimable for position in positions_of_wallet(ANNA)}
    earned = sum(after[position.node] - position.claimable for position in before if position.node == NORTH)
    assert earned > 0
    # A third of the delegation gives up a third of what it would have earned.
    row = f"Reward of epoch 3 given upabout {amount_digits(earned // 3, 2)} IFM by the work so far"
    assert row in preview.replace("\n", "")
    assert preview.count("iven up") == 1


def test_an_operator_who_unbonds_is_a_warning_before_delegating(delegated, sign_in):
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    page = text(sign_in(ANNA).get(f"/money/delegate/review/?node={NORTH}&amount=10", follow=True))
    assert "Its operator is unbonding own stake" in page
