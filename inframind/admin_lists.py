"""Lists of the administration: amounts in IFM, codes in words, links between rows and to the public pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from notifications.kinds import KINDS
from protocol.addresses import checksum
from web.formatting import ifm_text, percent
from web.links import link
from web.templatetags.components import OFFENCES, offence

# Integer fields that hold µIFM, by the model's label.
AMOUNTS: dict[str, tuple[str, ...]] = {
    "staking.Epoch": (
        "carry_in", "minted", "pool", "distributed", "carry", "burned", "honest", "returned", "slashed",
    ),
    "staking.Node": ("delegation_cap", "self_stake", "pending_stake", "operator_claimed"),
    "staking.Pool": ("tokens",),
    "staking.Slash": (
        "base_self", "base_delegated", "self_slashed", "delegated_slashed", "slashed", "burned", "honest",
        "honest_to_treasury", "returned",
    ),
    "staking.Unbonding": ("entered", "paid"),
    "staking.Commitment": ("maximum_delegated",),
    "ledger.Account": ("balance",),
    "ledger.Entry": ("amount",),
    "delegation.Position": ("claimed",),
    "delegation.Redelegation": ("amount", "moved"),
    "governance.Dispute": ("deposit", "quorum_base"),
    "governance.Proposal": ("quorum_base",),
    "governance.Vote": ("power", "represented"),
}  # fmt: skip
Page = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Listing:
    """A model's list: columns, searched fields, filters, and the public page of a row."""

    label: str
    columns: tuple[str, ...]
    search: tuple[str, ...] = ()
    filters: tuple[Any, ...] = ()
    page: Page | None = None


class EventKind(admin.SimpleListFilter):
    """Kinds of events in words. Reading the kinds from the table would cost a pass over it."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(((name, str(kind.label)) for name, kind in KINDS.items()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class OffenceFilter(admin.SimpleListFilter):
    """Offences in words."""

    title = "offence"
    parameter_name = "offence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, offence(name)) for name in OFFENCES]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.filter(offence=self.value()) if self.value() else queryset


class Readable(admin.ModelAdmin):
    """Read-only rows: nobody adds, changes or deletes them here."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def register(site: admin.AdminSite, model: type[models.Model], listing: Listing) -> None:
    """Register a model with its list; each field is shown as `column` says, in the list and on its page."""
    fields = [field.name for field in model._meta.fields if not isinstance(field, models.CompositePrimaryKey)]
    names = dict.fromkeys([*fields, *listing.columns])
    shown = {name: column(model, name, listing) for name in names}
    related = [name for name in fields if model._meta.get_field(name).many_to_one]
    attributes: dict[str, Any] = {
        "list_display": [f"show_{name}" for name in listing.columns],
        "fields": [f"show_{name}" for name in fields],
        "readonly_fields": [f"show_{name}" for name in fields],
        "search_fields": listing.search,
        "list_filter": listing.filters,
        "list_select_related": related or False,
        "ordering": ("-pk",),
        "view_on_site": _page_of(listing.page),
        **{f"show_{name}": shown[name] for name in names},
    }
    site.register(model, type(f"{model.__name__}Admin", (Readable,), attributes))


def column(model: type[models.Model], name: str, listing: Listing) -> Callable[[Any, Any], Any]:
    """A column that writes the field `name` for people."""
    write = _writer(model, name, listing)

    def show(_: Any, row: Any) -> Any:
        return write(row)

    title = name.removesuffix("_bps").removesuffix("_id").replace("_", " ")
    amount = name in AMOUNTS.get(listing.label, ())
    return admin.display(
        show,
        description=f"{title}, IFM" if amount else title,
        ordering=name,
        boolean=isinstance(model._meta.get_field(name), models.BooleanField) or None,
    )


def _writer(model: type[models.Model], name: str, listing: Listing) -> Callable[[Any], Any]:
    field = model._meta.get_field(name)
    if name in AMOUNTS.get(listing.label, ()):
        return lambda row: ifm_text(getattr(row, name), 6)
    if isinstance(field, models.ForeignKey):
        return lambda row: _related(getattr(row, name))
    if name == "offence":
        return lambda row: offence(row.offence)
    if name == "kind" and listing.label == "staking.Event":
        return lambda row: str(KINDS[row.kind].label) if row.kind in KINDS else _words(row.kind)
    if getattr(field, "choices", None):
        return lambda row: getattr(row, f"get_{name}_display")()
    if name in ("kind", "reason"):
        return lambda row: _words(getattr(row, name))
    if name.endswith("_bps"):
        return lambda row: percent(getattr(row, name))
    return lambda row: getattr(row, name)


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()


def _related(row: Any) -> Any:
    """A link to the page of another row; its name alone when that row has no page."""
    if row is None:
        return "–"
    try:
        href = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return str(row)
    return format_html('<a href="{}">{}</a>', href, row)


def _page_of(page: Page | None) -> Any:
    """A value for Django's `view_on_site`: False, or a method."""
    if page is None:
        return False
    return lambda _, row: page(row)


def node_page(row: Any) -> str:
    return link("node", checksum(row.address))


def wallet_page(row: Any) -> str:
    return link("wallet", checksum(row.wallet))
