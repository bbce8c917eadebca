"""Wallets of a devnet that one click signs in: a delegator, an operator with a pending slash, a DAO member."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from delegation.models import Position
from protocol.errors import NotFound, PermissionDenied
from staking.models import Node, Slash

# Limit of positions that are searched, the oldest first: a demo wallet need not be the best one.
LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Demo:
    """A wallet to try the site with; its address is canonical."""

    role: str
    address: str
    title: str | Promise
    text: str | Promise


def wallets() -> list[Demo]:
    """The demo wallets that this devnet has; none on a production network."""
    if settings.INFRAMIND_NETWORK == "production":
        return []
    operator = _accused_operator()
    delegator, member = _delegators()
    offered = [
        Demo(
            "delegator",
            delegator,
            gettext_lazy("Delegator"),
            gettext_lazy(
                "Delegates to nodes of other operators; can redelegate, undelegate and claim rewards."
            ),
        ),
        Demo(
            "operator",
            operator,
            gettext_lazy("Operator with a pending slash"),
            gettext_lazy(
                "Runs a node that has a pending slash, and can dispute it while the window is open."
            ),
        ),
        Demo(
            "member",
            member,
            gettext_lazy("DAO member"),
            gettext_lazy("Has stake that votes on disputes and on changes of parameters."),
        ),
    ]
    return [demo for demo in offered if demo.address]


def address_of(role: str) -> str:
    """The wallet of a demo role. Raises: `permission_denied` in production, `not_found` when there is none."""
    if settings.INFRAMIND_NETWORK == "production":
        raise PermissionDenied("Demo wallets exist on a devnet only.")
    for demo in wallets():
        if demo.role == role:
            return demo.address
    raise NotFound("No demo wallet has this role: load the demo network first.")


def _accused_operator() -> str:
    pending = Slash.objects.filter(status=Slash.Status.PENDING).order_by("-id")
    return pending.values_list("node__operator", flat=True).first() or ""


def _delegators() -> tuple[str, str]:
    """The wallet with most positions, and of the others the one with most shares in one pool."""
    positions = (
        Position.objects.filter(shares__gt=0).order_by("id").values_list("wallet", "shares")[:LOOKED_AT]
    )
    operators = set(
        Node.objects.filter(operator__in={w for w, _ in positions}).values_list("operator", flat=True)
    )
    counts: dict[str, int] = {}
    largest: dict[str, int] = {}
    for wallet, shares in positions:
        if wallet not in operators:
            counts[wallet] = counts.get(wallet, 0) + 1
            largest[wallet] = max(largest.get(wallet, 0), int(shares))
    delegator = max(counts, key=lambda wallet: (counts[wallet], wallet), default="")
    largest.pop(delegator, None)
    return delegator, max(largest, key=lambda wallet: (largest[wallet], wallet), default="")
