"""Pages in the reader's language, time zone and numbers; programs get the same whoever asks."""

from __future__ import annotations

import re
from gettext import GNUTranslations

import pytest
from django.conf import settings

from tests.network import Network, node_address
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def net() -> Network:
    made = Network()
    made.node(1, own=12_345)
    made.settle()
    return made


def page(client, path="/", **headers):
    return client.get(path, headers=headers).content.decode()


def test_without_a_choice_pages_are_english_utc_and_plain(net, client):
    text = page(client)
    assert '<html lang="en"' in text
    assert "12,345" in text
    assert "All times UTC." in text


def test_the_browser_chooses_the_language_and_a_cookie_overrules_it(net, client):
    assert '<html lang="de"' in page(client, **{"Accept-Language": "fr, de-AT;q=0.9, en;q=0.8"})
    client.cookies["language"] = "en"
    assert '<html lang="en"' in page(client, **{"Accept-Language": "de"})


def test_a_language_writes_numbers_in_its_own_way_and_a_cookie_overrules_it(net, client):
    assert "12.345" in page(client, **{"Accept-Language": "de"})
    client.cookies["numbers"] = "space"
    assert "12\u202f345" in page(client)


def test_times_stand_in_the_reader_s_zone_with_its_name(net, client):
    client.cookies["zone"] = "Asia/Tokyo"
    text = page(client, "/epochs/1/")
    assert "1 Jan 09:00" in text
    assert "2 Jan 09:00" in text
    assert "JST" in text
    assert 'datetime="2026-01-01T00:00:00Z"' in text


def test_pages_of_two_readers_are_not_mixed_up(net, client, django_user_model):
    english = page(client)
    german = page(client, **{"Accept-Language": "de"})
    client.cookies["zone"] = "Asia/Tokyo"
    tokyo = page(client)
    assert 'lang="de"' in german
    assert 'lang="en"' in english
    assert "JST" in tokyo
    assert "JST" not in english
    del client.cookies["zone"]
    assert "JST" not in page(client)


def test_the_form_stores_what_it_offers_and_nothing_else(client):
    answer = client.post("/preferences/", {"language": "de", "zone": "Europe/Berlin", "numbers": "comma"})
    assert {name: answer.cookies[name].value for name in ("language", "zone", "numbers")} == {
        "language": "de", "zone": "Europe/Berlin", "numbers": "comma",
    }  # fmt: skip
    assert client.get("/preferences/").status_code == 200
    assert client.post("/preferences/", {}).cookies["numbers"]["max-age"] == 0
    refused = client.post("/preferences/", {"language": "xx", "zone": "../../etc/passwd", "numbers": ""})
    assert refused.status_code == 400
    assert not {"language", "zone", "numbers"} & set(refused.cookies)


@pytest.mark.parametrize(("cookie", "value"), [("zone", "No/Where"), ("numbers", "x"), ("language", "../de")])
def test_a_cookie_that_names_nothing_is_as_none(net, client, cookie, value):
    client.cookies[cookie] = value
    assert "All times UTC." in page(client)


def test_the_api_answers_everybody_alike(net, client):
    path = f"/api/v1/nodes/{node_address(1)}"
    plain = client.get(path).json()
    client.cookies["language"] = "de"
    client.cookies["zone"] = "Asia/Tokyo"
    assert client.get(path, headers={"Accept-Language": "de"}).json() == plain
    refused = client.get("/api/v1/nodes?tier=abc", headers={"Accept-Language": "de"}).json()
    assert refused == client.get("/api/v1/nodes?tier=abc").json()


def test_every_word_of_the_pages_is_said_in_german():
    folder = settings.BASE_DIR / "locale" / "de" / "LC_MESSAGES"
    text = (folder / "django.po").read_text()
    assert re.findall(r'msgstr(?:\[\d\])? ""\n(?!")', text) == []
    assert "#, fuzzy" not in text
    with (folder / "django.mo").open("rb") as compiled:
        catalog = GNUTranslations(compiled)
    assert catalog.gettext("Skip to content") == "Zum Inhalt springen"
    assert len(re.findall(r"^msgid ", text, re.M)) == len(
        {k[0] if isinstance(k, tuple) else k for k in catalog._catalog}
    )
