"""Bodies that come without a length."""

from __future__ import annotations

from io import BytesIO

import pytest

from inframind.bodies import MeasuredBodies


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
    assert MeasuredBodies(site, 100)(environ, None) == [str(seen).encode(), b"x" * seen]


def test_a_body_with_a_length_is_left_alone():
    stream = Drips(b"x" * 500)
    environ = {"CONTENT_LENGTH": "500", "wsgi.input": stream}
    assert MeasuredBodies(site, 100)(environ, None) == [b"500", b"x" * 7]
