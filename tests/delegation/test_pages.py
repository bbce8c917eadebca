"""Pages of delegation: they say what is so, to the µIFM, and act once."""

from __future__ import annotations

import re

from tests.delegation.net import ANNA, NORTH, OLGA, shown

KEY = re.compile(r'name="key" value="([0-9a-f]{32})"')


def test_delegating_in_three_steps(net, browser):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 2_000)
    anna = browser(ANNA)

    entered = anna.get("/money/delegate/", {"node": shown(NORTH), "amount": "1500"})
    assert entered.status_code == 200
    assert "Earns from" in entered.content.decode()

    review = anna.get("/money/delegate/review/", {"node": shown(NORTH), "amount": "1500"})
    page = review.content.decode()
    assert "Delegate 1,500.00 IFM to Node 01" in page
    assert f"infra delegate --node {shown(NORTH)} --amount 1500" in page
    assert net.wallet(ANNA).available == 2_000_000_000

    form = {"node": shown(NORTH), "amount": "1500", "key": KEY.search(page)[1]}
    answers = [anna.post("/money/delegate/review/", form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert net.wallet(ANNA).delegated == 1_500_000_000
    done = anna.get(answers[0]["Location"]).content.decode()
    assert "Delegated 1,500.00 IFM to Node 01" in done


def test_portfolio_and_statement(net, browser, client):
    net.node(NORTH, OLGA, 1_000)
    net.fund(ANNA, 2_000)
    anna = browser(ANNA)
    assert anna.get("/portfolio/").status_code == 200
    page = anna.get("/money/delegate/review/", {"node": shown(NORTH), "amount": "1500"}).content.decode()
    anna.post("/money/delegate/review/", {"node": shown(NORTH), "amount": "1500", "key": KEY.search(page)[1]})
    net.settle(NORTH)
    net.settle(NORTH)
    for reader in (anna, client):
        for path in (f"/wallets/{ANNA}/", f"/wallets/{ANNA}/statement/"):
            assert reader.get(path).status_code == 200
    assert "Claim all" in anna.get("/portfolio/").content.decode()
    assert client.get("/portfolio/").status_code == 401
