"""robots.txt, favicon.ico and security.txt."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client


def test_robots_are_kept_from_pages_of_one_reader(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert b"Disallow: /portfolio/\n" in answer.content
    assert b"Disallow: /nodes/" not in answer.content


def test_the_icon_is_where_browsers_look_for_it(client: Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/favicon.svg")


def test_a_contact_for_vulnerabilities_is_published_with_its_expiry(client: Client, settings: Any) -> None:
    settings.INFRAMIND_SECURITY_CONTACT = "mailto:security@example.org"
    text = client.get("/.well-known/security.txt").content.decode()
    assert text.startswith("Contact: mailto:security@example.org\nExpires: ")
    match = re.search(r"^Expires: (\S+)Z$", text, re.MULTILINE)
    assert match is not None
    left = datetime.fromisoformat(match[1]).replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=88) < left <= timedelta(days=90)
    assert text.endswith("Canonical: http://testserver/.well-known/security.txt\n")


@pytest.mark.django_db
def test_without_a_contact_there_is_no_security_txt(client: Client, settings: Any) -> None:
    settings.INFRAMIND_SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404
