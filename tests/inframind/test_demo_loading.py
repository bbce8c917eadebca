"""While the demo network is loaded: pages show the progress, the API and `/readyz` answer 503."""

from __future__ import annotations

import pytest
from django.conf import settings as devnet
from django.core.exceptions import MiddlewareNotUsed
from django.test import Client

from inframind import health
from inframind.demo import load_state
from inframind.demo.loading_page import LoadingPage
from inframind.health import Readiness
from inframind.settings import base
from inframind.supervisor import prepare
from inframind.supervisor.startup_errors import StartFault
from staking.models import Epoch
from tests.network import Network

PARAMETERS = "/api/v1/parameters"


@pytest.fixture(autouse=True)
def _data_dir(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(health, "readiness", Readiness())


@pytest.fixture
def loading() -> Client:
    """A client of a site that was started while 12 of 60 epochs were settled."""
    load_state.record(12, 60)
    return Client()


def test_pages_show_the_progress_and_refresh_themselves(loading):
    answer = loading.get("/nodes/0x00/")
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "2", "no-store")
    assert '<meta http-equiv="refresh" content="2">' in page
    assert '<progress class="progress im-load" value="12" max="60"' in page
    assert "12 of 60 epochs settled" in page


def test_the_progress_is_shown_in_the_readers_language_and_theme(loading):
    loading.cookies["language"], loading.cookies["theme"] = "de", "dark"
    page = loading.get("/").content.decode()
    assert 'lang="de" data-bs-theme="dark"' in page
    assert "12 von 60 Epochen abgerechnet" in page


def test_nothing_is_posted_while_the_network_loads(loading):
    assert loading.post("/signin/demo/", {"role": "delegator"}).status_code == 503


def test_the_api_answers_with_a_problem_while_the_network_loads(loading):
    answer = loading.get(PARAMETERS)
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "unavailable"
    assert answer.json()["detail"].startswith("The demo network is loading: 12 of 60 epochs are settled.")


@pytest.mark.django_db(transaction=True)
def test_the_site_is_alive_but_not_ready_until_the_network_is_complete(loading):
    assert loading.get("/healthz").status_code == 200
    answer = loading.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    assert answer.json()["checks"]["demo_network"] == "loading: 12 of 60 epochs are settled"
    load_state.finish()
    health.readiness = Readiness()
    assert loading.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_the_process_that_showed_the_progress_shows_the_network_afterwards(loading):
    assert loading.get(PARAMETERS).status_code == 503
    Network()
    load_state.finish()
    assert loading.get(PARAMETERS).status_code == 200
    load_state.record(1, 60)
    assert loading.get(PARAMETERS).status_code == 200, "a process that serves does not stop serving"


def test_a_site_that_starts_without_a_load_has_no_middleware_for_it():
    with pytest.raises(MiddlewareNotUsed):
        LoadingPage(lambda request: None)


def test_the_load_into_another_database_is_of_no_concern(loading, settings):
    here, settings.DATABASE_URL = settings.DATABASE_URL, "postgres://other"
    assert load_state.progress() is None
    load_state.finish()
    settings.DATABASE_URL = here
    assert load_state.progress() == load_state.Progress(12, 60)


def test_no_password_stands_in_the_file_or_its_name(settings, tmp_path):
    settings.DATABASE_URL = "postgres://me:secret@host/db"
    load_state.record(1, 60)
    [file] = (tmp_path / "stamps").iterdir()
    assert "secret" not in file.name + file.read_text()


@pytest.mark.django_db(transaction=True)
def test_a_load_that_was_cut_short_begins_with_an_empty_network():
    assert prepare.demo_is_due()
    prepare.begin_demo()
    Network()
    assert prepare.demo_is_due()
    prepare.begin_demo()
    assert not Epoch.objects.exists()


@pytest.mark.django_db
def test_a_half_loaded_network_that_was_served_is_not_deleted():
    prepare.begin_demo()
    Network()
    prepare.keep_network()
    assert not prepare.demo_is_due()


def test_a_bad_parameter_stops_the_load_before_it_begins(settings):
    settings.INFRAMIND_PARAMETERS = {"epoch_seconds": 59}
    with pytest.raises(StartFault, match="INFRAMIND_PARAMETERS: Choose epoch_seconds between 60"):
        prepare.begin_demo()
    assert load_state.progress() is None


def test_production_has_no_page_for_a_load():
    assert "inframind.demo.loading_page.LoadingPage" in devnet.MIDDLEWARE
    assert "inframind.demo.loading_page.LoadingPage" not in base.MIDDLEWARE
