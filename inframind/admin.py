"""Administration: all rows are readable, only a few fields can be changed.

Money moves by services alone, so there is no form for it here; the ledger's tables refuse changes anyway.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from identity import counters
from identity.models import Token, User
from identity.origin import origin
from inframind.admin_lists import (
    EventKind,
    Listing,
    OffenceFilter,
    Readable,
    node_page,
    register,
    wallet_page,
)
from web.links import link

TRIES_PER_MINUTE = 10


class StaffSite(admin.AdminSite):
    """Django's admin under our name, with a limit of attempts at a password."""

    site_header = "InfraMind staking, staff"
    site_title = "InfraMind staff"
    index_title = "Administration"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and settings.INFRAMIND_RATE_LIMITS:
            wait = counters.count(f"staff:{origin(request)}", limit=TRIES_PER_MINUTE, closed=True)
            if wait is not None:
                refused = render(request, "429.html", status=429)
                refused["Retry-After"] = str(wait)
                return refused
        return super().login(request, extra_context)


class UserAdmin(Readable):
    """Users: block a wallet, and make it staff; nothing else of a wallet can be changed here."""

    list_display = ("address", "is_active", "is_staff", "is_superuser", "created_at", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("address",)
    fields = ("address", "is_active", "is_staff", "created_at", "last_login")
    readonly_fields = ("address", "created_at", "last_login")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


class TokenAdmin(Readable):
    """Tokens by their first signs; they can be revoked."""

    list_display = (
        "hint",
        "wallet",
        "scope",
        "label",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = ("scope",)
    search_fields = ("wallet", "hint", "label")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        if not getattr(request.user, "is_superuser", False):
            self.message_user(request, "Only a superuser may revoke tokens.", messages.ERROR)
            return
        count = queryset.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} tokens revoked.")


READABLE: tuple[Listing, ...] = (
    Listing("staking.Network", ("kind", "chain_id", "clock_offset_ms", "halted", "audited", "held_at")),
    Listing("staking.ParameterSet", ("version", "from_epoch", "proposal", "created_at")),
    Listing(
        "staking.Epoch", ("number", "start", "end", "status", "pool", "distributed", "carry", "burned"),
        filters=("status",), page=lambda row: link("epoch", row.number),
    ),
    Listing("staking.Event", ("id", "kind", "at", "epoch", "node_id", "wallet"), ("wallet",), (EventKind,)),
    Listing(
        "staking.Node", ("address", "name", "operator", "region", "self_stake", "share_bps", "banned", "retired_at"),
        ("address", "name", "operator"), ("banned", "custodial", "region"), node_page,
    ),
    Listing("staking.Pool", ("node", "generation", "tokens", "shares", "pending_shares"), ("node__address",)),
    Listing(
        "staking.Slash", ("id", "node", "offence", "epoch", "status", "slashed", "due_epoch"), ("node__address",),
        ("status", OffenceFilter), lambda row: link("slash", row.pk),
    ),
    Listing(
        "staking.Unbonding", ("id", "wallet", "node", "kind", "epoch", "matures_at", "status", "entered", "paid"),
        ("wallet",), ("status", "kind"), wallet_page,
    ),
    Listing("staking.Attestation", ("id", "node", "epoch", "at", "shortfalls"), ("node__address",)),
    Listing(
        "staking.Commitment",
        ("id", "node", "minimum_share_bps", "notice_epochs", "maximum_delegated", "from_epoch", "ends_epoch"),
        ("node__address", "operator"), page=lambda row: node_page(row.node),
    ),
    Listing(
        "staking.ShareAnnouncement", ("id", "node", "share_bps", "from_epoch", "epoch", "at"), ("node__address",),
        page=lambda row: node_page(row.node),
    ),
    Listing("staking.Ranking", ("id", "computed_at", "epoch", "nodes")),
    Listing("ledger.Account", ("name", "balance"), ("name",)),
    Listing(
        "ledger.Transaction", ("id", "kind", "reference", "actor", "at", "epoch"), ("reference", "actor", "kind"),
        page=lambda row: link("transaction", row.pk),
    ),
    Listing(
        "ledger.Entry", ("id", "transaction", "account", "amount"), ("account__name",),
        page=lambda row: link("transaction", row.transaction_id),
    ),
    Listing(
        "delegation.Position", ("id", "wallet", "node", "shares", "pending_shares", "claimed"), ("wallet",),
        page=wallet_page,
    ),
    Listing(
        "delegation.Redelegation", ("id", "wallet", "source", "target", "amount", "status"), ("wallet",), ("status",),
        wallet_page,
    ),
    Listing(
        "delegation.StandingOrder", ("id", "wallet", "node", "condition", "threshold", "action", "target"), ("wallet",),
        ("condition", "action"), wallet_page,
    ),
    Listing(
        "governance.Representative", ("id", "wallet", "kind", "representative", "from_epoch", "until_epoch"),
        ("wallet", "representative"), ("kind",), wallet_page,
    ),
    Listing(
        "governance.Dispute", ("id", "slash", "operator", "status", "closes_epoch", "deposit", "quorum_met"),
        ("operator",), ("status",), lambda row: link("dispute", row.pk),
    ),
    Listing(
        "governance.Proposal", ("id", "title", "proposer", "status", "closes_epoch"), ("title", "proposer"),
        ("status",), lambda row: link("proposal", row.pk),
    ),
    Listing(
        "governance.Vote", ("id", "wallet", "choice", "power", "dispute", "proposal", "at"), ("wallet",), ("choice",),
        wallet_page,
    ),
)  # fmt: skip

site = StaffSite(name="admin")
site.register(User, UserAdmin)
site.register(Token, TokenAdmin)
for listing in READABLE:
    register(site, apps.get_model(listing.label), listing)
