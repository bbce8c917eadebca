"""Pages while a settlement holds its locks, without the database, and without the cache."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import path
from pytest_django import Settings

from identity.models import User
from inframind import urls
from postgres.clock import ClockSkew
from staking.services.epochs import EPOCH_LOCK
from tests.network import Network, node_address, wallet
from web.form_idempotency import new_key

STAKE = f"/money/delegate/?node={node_address(1)}&amount=5"


def signed_in(**more: str) -> Client:
    client = Client(**more)
    client.force_login(User.objects.get_or_create(address=wallet(1))[0])
    return client


@pytest.fixture
def settling(transactional_db: None) -> Iterator[Network]:
    """A network whose epoch is held by a settlement; who waits for it gives up soon."""
    network = Network()
    network.node(1, own=100)
    network.delegate(node_address(1), 1, 10)
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    database = connection.settings_dict
    parameters = {name: database[key] or database["OPTIONS"].get(name) for name, key in names.items()}
    with psycopg.connect(**{name: text for name, text in parameters.items() if text}) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({EPOCH_LOCK})")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        yield network
        other.rollback()
    connection.close()


def test_pages_are_read_while_an_epoch_is_settled(settling: Network) -> None:
    client = signed_in()
    node = node_address(1)
    for address in ("/", "/portfolio/", f"/nodes/{node}/", f"/money/delegate/?node={node}"):
        assert client.get(address).status_code == 200, address


def test_an_act_that_waited_in_vain_says_so_and_may_be_tried_again(settling: Network) -> None:
    answer = signed_in().get(STAKE)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "<h1>An epoch is being settled</h1>" in page
    assert f'href="{STAKE.replace("&", "&amp;")}"' in page
    assert "database" not in page
    assert ">Sign in<" not in page


def test_what_was_sent_is_not_sent_again_by_a_link(settling: Network) -> None:
    form = {"node": node_address(1), "amount": "5", "key": new_key()}
    answer = signed_in().post("/money/delegate/review/", form)
    assert answer.status_code == 503
    assert "Try again" not in answer.content.decode()


def _away(request: object) -> None:
    raise OperationalError("connection refused")


def _skewed(request: object) -> None:
    raise ClockSkew("the clock of this machine is 1 h ahead of the database's")


@pytest.fixture
def away(settings: Settings) -> None:
    """The site with a page that finds no database."""
    module = ModuleType("away_urls")
    module.urlpatterns = [
        path("away/", _away),
        path("api/skewed/", _skewed),
        path("skewed/", _skewed),
        *urls.urlpatterns,
    ]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module


def test_a_page_without_database_is_a_page_still(away: None, client: Client) -> None:
    client.cookies["language"], client.cookies["theme"] = "de", "dark"
    answer = client.get("/away/")
    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert 'lang="de" data-bs-theme="dark"' in page
    assert "Die Datenbank antwortet nicht." in page
    assert "refused" not in page


def test_what_was_sent_may_have_been_done(away: None, client: Client) -> None:
    assert "Nothing was changed" in client.get("/away/").content.decode()
    page = client.post("/away/").content.decode()
    assert "Whether this was done is not known: look before you repeat it." in page
    assert "Nothing was changed" not in page.partition("<h1>")[2]


def test_a_server_with_a_wrong_clock_says_so(away: None, client: Client) -> None:
    page, problem = client.post("/skewed/"), client.post("/api/skewed/")
    assert (page.status_code, problem.status_code, problem["Retry-After"]) == (503, 503, "5")
    assert "The clock of this server is wrong." in page.content.decode()
    assert problem.json()["code"] == "unavailable"
    assert problem.json()["detail"].startswith("The clock of this server is wrong")


def test_who_is_signed_in_stays_so_without_the_cache(network: Network, settings: Settings) -> None:
    client = signed_in()
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    assert client.get("/portfolio/").context["wallet"] == wallet(1)
    assert client.post("/signout/").status_code == 302
    assert client.get("/portfolio/").context["wallet"] is None


def test_a_part_of_a_page_is_not_answered_with_a_card(network: Network, reader: Client) -> None:
    network.node(1)
    whole, part = reader.get(STAKE), reader.get(STAKE, headers={"HX-Request": "true"})
    assert (whole.status_code, part.status_code, part.content) == (200, 401, b"")
