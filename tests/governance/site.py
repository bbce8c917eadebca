"""Readers of the governance pages: signed-in clients, pages and reviews."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client

from identity.models import User


def browser(wallet: str | None) -> Client:
    client = Client()
    if wallet:
        client.force_login(User.objects.get_or_create(address=wallet)[0])
    return client


def page(where: str, wallet: str | None = None, status: int = 200) -> str:
    answer = browser(wallet).get(where)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def fields(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the review's form."""
    form = html[html.index(f'action="{action}"') :]
    form = form[: form.index("</form>")]
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def review(wallet: str, where: str, form: dict[str, str]) -> tuple[Client, dict[str, str]]:
    client = browser(wallet)
    answer = client.post(where, form)
    assert answer.status_code == 200, answer.content.decode()[-3_000:]
    return client, fields(answer.content.decode(), where)
