"""Signing in and out on the page, demo wallets, and the page of tokens."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from eth_account import Account
from eth_account.messages import encode_defunct

from identity import counters, demo, throttles
from identity.models import Token, User
from identity.tokens import find

KEY = Account.from_key("0x" + "11" * 32)
ANNA = KEY.address.lower()
BELA = "0x" + "b2" * 20

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counters():
    counters._store().flushdb()


@pytest.fixture
def browser():
    return Client(enforce_csrf_checks=True)


def csrf(browser, where="/signin/"):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', browser.get(where).content.decode())[1]


def submit(browser, where, *, seen_at="/signin/", **data):
    return browser.post(where, {"csrfmiddlewaretoken": csrf(browser, seen_at), **data})


def signed(client):
    message = client.post(
        "/api/v1/auth/nonce", {"address": KEY.address}, content_type="application/json"
    ).json()["message"]
    signature = "0x" + bytes(KEY.sign_message(encode_defunct(text=message)).signature).hex()
    # As a form sends it.
    return {"message": message.replace("\n", "\r\n"), "signature": signature}


def sign_in(browser, **more):
    return submit(browser, "/signin/", **signed(browser), **more)


def whoami(browser):
    answer = browser.get("/api/v1/me")
    return answer.json()["address"] if answer.status_code == 200 else answer.status_code


def test_a_session_outlasts_a_change_of_the_secret_key_in_three_rounds(browser, settings):
    """During each round a server of the former settings and one of the next serve the same browser in turn."""
    rounds = [("old", []), ("old", ["new"]), ("new", ["old"]), ("new", [])]
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = rounds[0]
    sign_in(browser)
    for former, following in pairwise(rounds):
        for key, fallbacks in (following, former, following):
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, fallbacks
            assert whoami(browser) == KEY.address, (key, fallbacks)


def test_a_signed_message_opens_a_session(browser):
    answer = sign_in(browser, next="/epochs/")
    assert (answer.status_code, answer["Location"]) == (302, "/epochs/")
    assert whoami(browser) == KEY.address
    cookie = browser.cookies["sessionid"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_signed_in_reader_s_page_is_cached_for_that_reader_alone(browser):
    page = "/epochs/"
    assert "Cache-Control" not in browser.get(page)
    sign_in(browser)
    assert browser.get(page)["Cache-Control"] == "no-cache, private"


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "", "ok"]
)
def test_the_way_back_stays_on_this_site(browser, where):
    answer = sign_in(browser, next=where)
    assert answer.status_code == 302
    assert "evil" not in answer["Location"]
    assert answer["Location"].startswith("/")


def test_a_session_id_known_before_is_worth_nothing(browser):
    session = browser.session
    session["planted"] = True
    session.save()
    before = session.session_key
    browser.cookies["sessionid"] = before
    sign_in(browser)
    assert browser.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_out_ends_the_session_on_the_server(browser):
    sign_in(browser)
    stolen = browser.cookies["sessionid"].value
    assert submit(browser, "/signout/").status_code == 302
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert whoami(thief) == 401


@pytest.mark.parametrize(
    "where", ["/signin/", "/signout/", "/signin/demo/delegator/", "/tokens/", "/tokens/1/revoke/"]
)
def test_no_post_without_the_csrf_token(browser, where):
    browser.force_login(User.objects.create(address=ANNA))
    assert browser.post(where).status_code == 403
    foreign = browser.post(
        where, {"csrfmiddlewaretoken": "x" * 64}, headers={"Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403


@pytest.mark.parametrize("where", ["/signout/", "/signin/demo/delegator/", "/tokens/1/revoke/"])
def test_nothing_changes_by_get(client, where):
    client.force_login(User.objects.create(address=ANNA))
    assert client.get(where).status_code == 405
    assert whoami(client) == KEY.address


def test_a_refusal_is_shown_on_the_page(browser):
    proof = signed(browser)
    proof["signature"] = "0x" + "11" * 65
    answer = submit(browser, "/signin/", **proof)
    assert answer.status_code == 401
    assert "The signature is not this wallet" in answer.content.decode()
    assert whoami(browser) == 401


def test_too_many_sign_ins_are_429(browser, monkeypatch):
    monkeypatch.setitem(throttles.LIMITS, ("signin", "address"), 0)
    assert submit(browser, "/signin/", message="x", signature="x").status_code == 429


@pytest.mark.parametrize("role", ["delegator", "operator", "member"])
def test_a_demo_wallet_signs_in_with_one_click(browser, monkeypatch, role):
    monkeypatch.setattr(demo, "wallets", lambda: [demo.Demo(role, BELA, "Somebody", "does something")])
    assert "Sign in as Somebody" in browser.get("/signin/").content.decode()
    assert submit(browser, f"/signin/demo/{role}/").status_code == 302
    assert whoami(browser).lower() == BELA


def test_a_part_that_nobody_plays(browser):
    assert submit(browser, "/signin/demo/delegator/").status_code == 404
    assert submit(browser, "/signin/demo/admin/").status_code == 404


def test_production_has_no_demo_wallets(browser, settings, monkeypatch):
    settings.INFRAMIND_NETWORK = "production"
    assert "Demo wallets" not in browser.get("/signin/").content.decode()
    assert submit(browser, "/signin/demo/delegator/").status_code == 403
    assert whoami(browser) == 401


def test_tokens_are_made_shown_once_and_revoked(browser):
    sign_in(browser)
    made = submit(browser, "/tokens/", label="my <bot>", scope="read", days="7")
    assert made["Cache-Control"].startswith("max-age=0")
    secret = re.search(r"ifm_[\w-]{43}", made.content.decode())[0]
    assert "my &lt;bot&gt;" in made.content.decode()
    rights = find(secret)
    assert (rights.wallet, rights.scope) == (ANNA, "read")
    assert (Token.objects.get().expires_at - Token.objects.get().created_at).days == 7
    assert secret not in browser.get("/tokens/").content.decode()
    assert submit(browser, f"/tokens/{rights.id}/revoke/").status_code == 302
    assert find(secret) is None
    assert secret[:8] not in browser.get("/tokens/").content.decode()


@pytest.mark.parametrize("wrong", [{"scope": "oracle"}, {"days": "99999"}, {"days": ""}])
def test_a_permission_or_time_that_is_not_offered_creates_no_token(browser, wrong):
    sign_in(browser)
    answer = submit(browser, "/tokens/", **{"label": "bot", "scope": "read", "days": "7", **wrong})
    assert answer.status_code == 400
    assert 'value="bot"' in answer.content.decode()
    assert not Token.objects.exists()


def test_the_account_page_signs_out_and_leads_to_every_setting(browser):
    sign_in(browser)
    page = browser.get("/account/").content.decode()
    for address in (
        "/tokens/",
        "/portfolio/",
        "/preferences/",
        "/inbox/settings/",
        f"/wallets/{ANNA}/statement/",
    ):
        assert f'href="{address}"' in page, address
    assert 'action="/signout/"' in page
    assert 'href="/account/"' in browser.get("/").content.decode()


def test_the_account_page_needs_a_sign_in(client):
    assert client.get("/account/")["Location"] == "/signin/?next=/account/"


@pytest.mark.parametrize("label", ["x" * 65, "a\u200bb", "a\0b", "\u2800"])
def test_a_label_that_is_too_long_or_invisible_makes_no_token(browser, label):
    sign_in(browser)
    answer = submit(browser, "/tokens/", label=label, scope="read", days="7")
    assert answer.status_code == 400
    assert 'id="label_error"' in answer.content.decode()
    assert not Token.objects.exists()


def test_the_token_of_another_wallet(browser, token):
    token(BELA)
    sign_in(browser)
    answer = submit(browser, f"/tokens/{Token.objects.get().id}/revoke/")
    assert answer.status_code == 404
    assert Token.objects.get().revoked_at is None
    assert submit(browser, f"/tokens/{10**30}/revoke/").status_code == 404


def test_tokens_need_a_sign_in(client):
    assert client.get("/tokens/")["Location"] == "/signin/?next=/tokens/"


def test_the_script_of_the_page_is_small_and_the_policy_strict(client):
    from django.contrib.staticfiles import finders

    answer = client.get("/signin/")
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", answer.content.decode())
    with open(finders.find("signin.js"), "rb") as script:
        assert len(script.read()) <= 3_000


def test_a_form_without_its_csrf_token_says_what_to_do(browser):
    answer = browser.post("/signin/")
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()
