"""Addresses and identicons. A node is a hexagonal mesh, a wallet a ring, from keccak of the address."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from protocol.addresses import checksum, keccak256
from web.current_user import return_address
from web.templatetags.components import icon

register = template.Library()

HUES = 6
# The left half of a hexagon of radius 20 cut into triangles; each is drawn again mirrored, 24 in all.
_HALF_MESH = (
    "M-8.7-15v10l-8.6-5z", "M-17.3-10v10l8.6-5z", "M-8.7-5v10l-8.6-5z", "M-17.3 0v10l8.6-5z",
    "M-8.7 5v10l-8.6-5z", "M0-20v10l-8.7-5z", "M-8.7-15v10l8.7-5z", "M0-10v10l-8.7-5z",
    "M-8.7-5v10l8.7-5z", "M0 0v10l-8.7-5z", "M-8.7 5v10l8.7-5z", "M0 10v10l-8.7-5z",
)  # fmt: skip


def _mirrored(path: str) -> str:
    """A path of M, v, l and z with the other sign of each x."""
    return re.sub(r"([Ml])(-?)([\d.]+)", lambda m: m[1] + ("" if m[2] or m[3] == "0" else "-") + m[3], path)


_MESH = tuple(path + _mirrored(path) for path in _HALF_MESH)


@lru_cache(maxsize=20_000)
def _seed(address: str) -> bytes:
    return keccak256(bytes.fromhex(address[2:]))


@register.simple_tag(name="return_address", takes_context=True)
def return_address_tag(context: dict[str, Any]) -> str:
    """Where a reader continues after signing in; "/" without a request."""
    request = context.get("request")
    return return_address(request) if request else "/"


@register.filter(name="checksum")
def checksum_filter(address: str | None) -> str:
    return checksum(address) if address else "–"


@register.filter
def short(address: str | None) -> str:
    """0x1234…cdef: 6 + 4 characters of the EIP-55 form."""
    if not address:
        return "–"
    full = checksum(address)
    return f"{full[:6]}…{full[-4:]}"


@lru_cache(maxsize=20_000)
def _mesh_svg(address: str, extra: str) -> SafeString:
    seed = _seed(address)
    tint = "".join(part for part, byte in zip(_MESH, seed[1:], strict=False) if byte % 3 == 1)
    solid = "".join(part for part, byte in zip(_MESH, seed[1:], strict=False) if byte % 3 == 2)
    # Only path data from the constants above and a hue number: nothing of the caller's text gets in here.
    return mark_safe(
        f'<svg class="im-id h{seed[0] % HUES}{extra}" viewBox="-20 -21 40 42" fill="currentColor" aria-hidden="true">'
        f'<path opacity=".16" d="M0-20 17.3-10V10L0 20-17.3 10V-10z"/><path opacity=".55" d="{tint}"/>'
        f'<path d="{solid}"/></svg>'
    )


@lru_cache(maxsize=20_000)
def _ring_svg(address: str, extra: str) -> SafeString:
    seed = _seed(address)
    outer, inner = 20 + seed[1] % 51, 20 + seed[2] % 51
    turns = (int.from_bytes(seed[3:5], "big") % 360, int.from_bytes(seed[5:7], "big") % 360)
    return mark_safe(
        f'<svg class="im-id h{seed[0] % HUES}{extra}" viewBox="-20 -20 40 40" fill="none" stroke="currentColor" '
        f'aria-hidden="true"><circle r="20" fill="currentColor" stroke="none" opacity=".16"/>'
        f'<circle r="13" stroke-width="5" opacity=".55" pathLength="100" stroke-dasharray="{outer} {100 - outer}" '
        f'transform="rotate({turns[0]})"/><circle r="6.5" stroke-width="5" pathLength="100" '
        f'stroke-dasharray="{inner} {100 - inner}" transform="rotate({turns[1]})"/></svg>'
    )


_SIZES = {"": "", "sm": " im-id-sm", "lg": " im-id-lg"}


@register.simple_tag
def identicon(address: str, size: str = "") -> SafeString:
    """The hexagon of a node. size: "", "sm" (22 px), "lg" (60 px)."""
    return _mesh_svg(address.lower(), _SIZES[size])


@register.simple_tag
def wallet_icon(address: str, size: str = "") -> SafeString:
    """The ring of a wallet."""
    return _ring_svg(address.lower(), _SIZES[size])


@register.simple_tag
def copy_button(text: str, label: str) -> SafeString:
    """A button that copies `text`; theme.css draws its icon."""
    return format_html(
        '<button class="im-copy" type="button" data-copy="{}" aria-label="{}"></button>', text, label
    )


@register.simple_tag
def address(value: str | None, what: str = "") -> SafeString | str:
    """Short form, the whole in the title, a button that copies the EIP-55 form. `what`: "address", "signing key"."""
    if not value:
        return "–"
    full, brief = checksum(value), short(value)
    label = gettext("Copy %(what)s %(address)s") % {"what": what or gettext("address"), "address": brief}
    return format_html('<span class="im-addr" title="{}">{}</span> {}', full, brief, copy_button(full, label))


@register.simple_tag
def node_identity(node: str, name: str, url: str, note: str = "") -> SafeString:
    """Hexagon, linked name, address, and a note such as the region."""
    return format_html(
        '<div class="im-node">{}<div><a class="im-name" href="{}">{}</a><span class="im-sub">{} {}</span></div></div>',
        identicon(node), url, name or short(node), address(node), note,
    )  # fmt: skip


@register.simple_tag
def wallet_identity(wallet: str, url: str = "", *, yours: bool = False) -> SafeString:
    """Ring, address (linked when there is a page for it) and, on the reader's own, the chip "You"."""
    full, brief = checksum(wallet), short(wallet)
    text = format_html('<span class="im-addr" title="{}">{}</span>', full, brief)
    if url:
        text = format_html('<a href="{}">{}</a>', url, text)
    you = (
        format_html(' <span class="im-chip is-info">{}{}</span>', icon("user"), gettext("You"))
        if yours
        else ""
    )
    label = gettext("Copy %(what)s %(address)s") % {"what": gettext("address"), "address": brief}
    return format_html(
        '<span class="d-inline-flex align-items-center gap-2 im-nowrap">{}{}{}{}</span>',
        wallet_icon(wallet, "sm"), text, copy_button(full, label), you,
    )  # fmt: skip
