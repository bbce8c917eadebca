"""The prepared action of a standing order: the address of its form, filled in."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from protocol.addresses import checksum


def prepared_action(node: str, target: str | None) -> str:
    """Return the address of the form that moves everything from a node: to `target`, else back to the wallet.

    A redelegation to the node itself becomes an undelegation.
    """
    query = {"node": checksum(node), "amount": "all"}
    if target and target != node:
        return f"{reverse('money', args=['redelegate'])}?{urlencode(query | {'to': checksum(target)})}"
    return f"{reverse('money', args=['undelegate'])}?{urlencode(query)}"
