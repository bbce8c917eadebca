"""Node addresses from the command line: complete, or a prefix that matches one node only."""

from __future__ import annotations

import re

from infra.client import Api, Row
from infra.refusals import Refused

WHOLE = 42
SHOWN = 10
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,40}")


def complete(api: Api, typed: str) -> str:
    """The address of the one node that begins with `typed`; a trailing `…` or `...` is dropped.

    A whole address is not looked up: the API judges it. Raises `address_invalid`, `not_found`, and
    `ambiguous` with the candidates.
    """
    prefix = typed.rstrip("….")
    if not _HEX.fullmatch(prefix):
        raise Refused("address_invalid", f"{typed!r} is not an address (0x and hex digits) or its beginning.")
    prefix = "0x" + prefix[2:]
    if len(prefix) == WHOLE:
        return prefix
    matches = _begin_with(api, prefix)
    if not matches:
        raise Refused("not_found", f"No node begins with {prefix}.")
    if len(matches) > 1:
        raise Refused("ambiguous", _candidates(prefix, matches))
    return str(matches[0]["address"])


def _begin_with(api: Api, prefix: str) -> list[Row]:
    """Return nodes by prefix of their address; the API's search also matches names, which are filtered out."""
    rows = api.pages("nodes", {"search": prefix})["results"]
    return [row for row in rows if row["address"].lower().startswith(prefix.lower())]


def _candidates(prefix: str, matches: list[Row]) -> str:
    lines = [f"{prefix} fits {len(matches)} nodes; type more of the address:"]
    lines += [f"  {row['address']}  {row.get('name') or ''}".rstrip() for row in matches[:SHOWN]]
    if len(matches) > SHOWN:
        lines.append(f"  and {len(matches) - SHOWN} more")
    return "\n".join(lines)
