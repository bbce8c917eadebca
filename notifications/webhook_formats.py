"""Bodies of webhook calls: JSON of our own, or what Slack, Discord and Telegram take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from protocol.errors import Invalid

JSON, SLACK, DISCORD, TELEGRAM = "json", "slack", "discord", "telegram"
DISCORD_CHARACTERS = 2_000


def body_of(kind: str, url: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The body in the format `kind`; `event` is the body of our own format, with its sentence in `text`."""
    if kind == SLACK:
        return {"text": _slack(_sentence(event))}
    if kind == DISCORD:
        # No name in a text may mention anybody.
        return {"content": _discord(_sentence(event))[:DISCORD_CHARACTERS], "allowed_mentions": {"parse": []}}
    if kind == TELEGRAM:
        return {"chat_id": _chat(url), "text": _sentence(event), "disable_web_page_preview": True}
    return dict(event)


def check(kind: str, url: str) -> None:
    """Raises: `invalid` for a Telegram address that names no chat."""
    if url and kind == TELEGRAM and not _chat(url):
        raise Invalid(
            "Enter the address with the chat: https://api.telegram.org/botTOKEN/sendMessage?chat_id=NUMBER.",
            field="webhook",
        )


def _sentence(event: Mapping[str, Any]) -> str:
    return f"{event['text']} (epoch {event['epoch']})"


def _slack(text: str) -> str:
    # https://api.slack.com/reference/surfaces/formatting#escaping
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _discord(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\*_~`|>[]()#" else sign for sign in text)


def _chat(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("chat_id", [""])[0]
