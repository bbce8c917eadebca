"""The portfolio, the statement and their figures, exact to the µIFM."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import unquote

from django.db import connection
from django.test.utils import CaptureQueriesContext

from delegation.selectors.portfolio import portfolio_of
from delegation.services import positions
from delegation.services.positions import undelegate
from staking.models import Slash
from staking.services import faucet
from tests.delegation.site import text
from tests.wallets import ANNA, BELA, NORTH, OLGA, OTTO, SOUTH, address, shown
from web.formatting import amount_digits


def queries(client, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


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


def test_from_a_form_without_balance_test_tokens_lead_back_to_it(net, sign_in):
    net.node(NORTH, OLGA, 1_000)
    bela, form = sign_in(BELA), f"/money/delegate/?node={shown(NORTH)}&amount=12.5"
    page = bela.get(f"/money/delegate/review/?node={shown(NORTH)}&amount=12.5").content.decode()
    link = re.search(r'href="(/portfolio/\?next=[^"]+)"', page)
    assert link
    portfolio = bela.get(unescape(link[1])).content.decode()
    wanted = re.search(r'action="/faucet/">.*?name="next" value="([^"]+)"', portfolio)
    assert wanted
    assert unescape(wanted[1]) == form
    assert bela.post("/faucet/", {"next": unescape(wanted[1])})["Location"] == form
    assert bela.post("/faucet/", {"next": "https://example.org/"})["Location"] == "/portfolio/"


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
