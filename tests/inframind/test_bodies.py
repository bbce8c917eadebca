"""Request bodies without a length, request bodies that are never sent, and requests without a place."""

from __future__ import annotations

import json
from io import BytesIO
from threading import Event, Thread

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from inframind import request_bodies
from inframind.request_bodies import MeasuredBodies
from web.unavailable import BUSY


class Drips:
    """A stream that gives less than it is asked for, and then nothing."""

    def __init__(self, body):
        self.body = BytesIO(body)

    def read(self, size):
        return self.body.read(min(size, 7))


def site(environ, start_response):
    return [environ.get("CONTENT_LENGTH", "").encode(), environ["wsgi.input"].read(1_000)]


@pytest.mark.parametrize(("sent", "seen"), [(0, 0), (5, 5), (100, 100), (101, 101), (5_000, 101)])
def test_a_body_in_chunks_is_measured_up_to_the_limit(sent, seen):
    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Drips(b"x" * sent)}
    assert MeasuredBodies(site, 100, at_work=1)(environ, None) == [str(seen).encode(), b"x" * seen]


def test_a_body_that_says_it_is_too_long_is_left_unread():
    stream = Drips(b"x" * 500)
    environ = {"CONTENT_LENGTH": "500", "wsgi.input": stream}
    assert MeasuredBodies(site, 100, at_work=1)(environ, None) == [b"500", b"x" * 7]


class Late:
    """A stream that blocks until it is released."""

    def __init__(self, body):
        self.body, self.reading, self.let_go = BytesIO(body), Event(), Event()

    def read(self, size):
        self.reading.set()
        assert self.let_go.wait(10)
        return self.body.read(size)


def post(stream, address="1.2.3.4"):
    return {"CONTENT_LENGTH": "5", "wsgi.input": stream, "REMOTE_ADDR": address}


@pytest.fixture
def waiting():
    """An application with one slot, and a request whose body is still to come: its stream, thread and answer."""
    application, stream, answers = MeasuredBodies(site, 100, at_work=1), Late(b"x" * 5), []
    thread = Thread(target=lambda: answers.append(application(post(stream), None)))
    thread.start()
    assert stream.reading.wait(10)
    yield application, stream, thread, answers
    stream.let_go.set()
    thread.join()


def test_who_is_still_sending_holds_nobody_up(waiting):
    application, stream, thread, answers = waiting
    assert application({"wsgi.input": BytesIO()}, None) == [b"", b""]
    assert application(post(BytesIO(b"y" * 5)), None) == [b"5", b"y" * 5]
    assert answers == []
    stream.let_go.set()
    thread.join()
    assert answers == [[b"5", b"x" * 5]]


def test_one_address_does_not_take_all_the_places_to_wait_in(waiting, monkeypatch):
    application, stream, thread, _ = waiting
    monkeypatch.setattr(request_bodies, "MAX_BODIES_PER_ADDRESS", 1)
    started = []
    (refusal,) = application(post(BytesIO(b"y" * 5)), lambda *answer: started.append(answer))
    (status, headers) = started[0]
    assert (status, dict(headers)["Retry-After"], json.loads(refusal)["code"]) == (
        "503 Service Unavailable", "5", "unavailable",
    )  # fmt: skip
    assert application(post(BytesIO(b"y" * 5), "5.6.7.8"), None) == [b"5", b"y" * 5]
    assert application({"wsgi.input": BytesIO(), "REMOTE_ADDR": "1.2.3.4"}, None) == [b"", b""]
    stream.let_go.set()
    thread.join()
    assert application(post(BytesIO(b"y" * 5)), None) == [b"5", b"y" * 5]


def test_callers_behind_our_proxy_are_counted_apart(waiting, settings, monkeypatch):
    settings.INFRAMIND_PROXIES = 1
    monkeypatch.setattr(request_bodies, "MAX_BODIES_PER_ADDRESS", 1)
    application, _, _, _ = waiting

    def send_from(address):
        environ = {**post(BytesIO(b"y" * 5), "10.0.0.1"), "HTTP_X_FORWARDED_FOR": f"9.9.9.9, {address}"}
        return application(environ, lambda *answer: None)

    assert json.loads(send_from("1.2.3.4")[0])["code"] == "unavailable"
    assert send_from("5.6.7.8") == [b"5", b"y" * 5]


def test_a_body_that_broke_off_is_as_short_as_it_came():
    assert MeasuredBodies(site, 100, at_work=1)(post(BytesIO(b"abc")), None) == [b"3", b"abc"]


class Stuck:
    """A site whose writes wait for a lock until they are let go, and whose reads answer at once."""

    def __init__(self):
        self.working, self.let_go = Event(), Event()

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] == "POST" and BUSY not in environ:
            self.working.set()
            assert self.let_go.wait(10)
        return [b"busy" if BUSY in environ else environ["REQUEST_METHOD"].encode()]


@pytest.fixture
def stuck(monkeypatch):
    """An application with one place each, and a write that waits in it."""
    monkeypatch.setattr(request_bodies, "PATIENCE_SECONDS", 0.02)
    site = Stuck()
    application = MeasuredBodies(site, 100, at_work=1)
    thread = Thread(target=application, args=({"REQUEST_METHOD": "POST"}, None))
    thread.start()
    assert site.working.wait(10)
    yield application, site, thread
    site.let_go.set()
    thread.join()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reads_are_answered_while_every_write_waits_for_a_lock(stuck, method):
    application, _, _ = stuck
    assert application({"REQUEST_METHOD": method}, None) == [method.encode()]


@pytest.mark.parametrize(
    "path", ["/money/delegate/review/", "/money/delegate/", "/plan/review/", "/operator/0x01/retire/"]
)
def test_a_page_that_tries_an_action_waits_for_locks_like_a_write(stuck, path):
    application, _, _ = stuck
    assert application({"REQUEST_METHOD": "GET", "PATH_INFO": path}, None) == [b"busy"]


def test_jobs_are_assigned_while_every_write_waits_for_a_lock(stuck):
    application, site, _ = stuck
    site.let_go.set()
    with application.places.take(read=False), application.places.take(read=False):
        request = {"REQUEST_METHOD": "POST", "PATH_INFO": "/api/v1/scheduler/assignments"}
        assert application(request, None) == [b"POST"]


def test_a_write_without_a_place_is_refused_in_time_and_served_later(stuck):
    application, site, thread = stuck
    assert application({"REQUEST_METHOD": "POST"}, None) == [b"busy"]
    site.let_go.set()
    thread.join()
    assert application({"REQUEST_METHOD": "POST"}, None) == [b"POST"]


def test_a_write_is_served_while_every_read_is_at_work(monkeypatch):
    monkeypatch.setattr(request_bodies, "PATIENCE_SECONDS", 0.02)
    places = MeasuredBodies(site, 100, at_work=2).places
    with places.take(read=True) as first, places.take(read=True) as second, places.take(read=True) as third:
        assert (first, second, third) == (True, True, False)
        with places.take(read=False) as write, places.take(read=False) as one_more:
            assert (write, one_more) == (True, False)
    with places.take(read=False) as write, places.take(read=False) as one_more:
        assert (write, one_more) == (True, True)


def busy_answer(path, **more):
    """Status, headers and text of the whole site to a request that got no place."""
    started = []
    environ = RequestFactory().get(path, **more).environ
    body = WSGIHandler()({**environ, BUSY: True}, lambda *answer: started.append(answer))
    return started[0][0], dict(started[0][1]), b"".join(body).decode()


def test_a_request_without_a_place_reads_no_database_and_may_be_sent_again():
    status, headers, page = busy_answer("/governance/", headers={"Accept-Language": "de"})
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "5")
    assert "<h1>Die Website ist ausgelastet</h1>" in page
    assert 'href="/governance/"' in page
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    status, headers, problem = busy_answer("/api/v1/nodes")
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "5")
    assert json.loads(problem)["code"] == "unavailable"
