"""The journal and its balances."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from ledger.journal import Movement, movement, movements, neighbours
from ledger.selectors import balance
from protocol.amounts import format_amount
from protocol.errors import Invalid, NotFound
from protocol.times import write_moment
from staking.api.epoch_schemas import RootField
from staking.selectors.ledger import account_name, shown_account, shown_reference
from web.api import filters
from web.api.fields import MomentField, SignedAmountField
from web.api.pagination import CURSOR_PARAMETERS, cursor, cursor_page, page_of

# Ids fit 63 bits.
ID_LIMIT = 1 << 63
FILTERS = [
    OpenApiParameter("account", str, description="Only transactions that move this account."),
    OpenApiParameter(
        "kind",
        {"type": "string", "pattern": "^[a-z_]{1,32}$", "examples": ["delegate"]},
        description="Only transactions of this kind.",
    ),
    OpenApiParameter(
        "epoch", {"type": "integer", "minimum": 1}, description="Only transactions of this epoch."
    ),
]


class EntryShape(serializers.Serializer[Any]):
    """An entry of a transaction: the amount added to an account, negative when taken from it."""

    account = serializers.CharField()
    amount = SignedAmountField()


class TransactionShape(serializers.Serializer[Any]):
    """A balanced movement of tokens; its entries sum to zero."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    reference = serializers.CharField(help_text="What it is about: a node, a slash, an epoch …")
    actor = serializers.CharField(help_text="The wallet that acted; empty for the network itself.")
    at = MomentField()
    epoch = serializers.IntegerField()
    entries = EntryShape(many=True)
    number = serializers.IntegerField(
        allow_null=True, help_text="Its number in the journal, without gaps; null until its epoch is settled."
    )
    hash = RootField(
        allow_null=True,
        help_text="SHA-256 of the former hash (32 zero bytes before the first) and the content, which is the JSON array"
        ' [id, kind, reference, actor, key, Unix time in µs, epoch, [[account, µIFM], …]] with ", " between elements,'
        " addresses in lower case, and the entries in the order of this list.",
    )
    key = serializers.CharField(allow_null=True, help_text="A key under which it was posted once.")


class OneTransactionSchema(TransactionShape):
    """A transaction with its place in the journal."""

    former_hash = RootField(allow_null=True, help_text="The hash of the transaction before it.")
    before = serializers.IntegerField(allow_null=True, help_text="The id of the transaction before it.")
    after = serializers.IntegerField(allow_null=True, help_text="The id of the transaction after it.")


class AccountShape(serializers.Serializer[Any]):
    """An account; only `issuance` and `custody` are ever negative."""

    name = serializers.CharField()
    balance = SignedAmountField()


@extend_schema(
    tags=["ledger"],
    operation_id="ledger_transactions",
    parameters=[*FILTERS, *CURSOR_PARAMETERS],
    responses=page_of(TransactionShape),
)
@api_view(["GET"])
def transactions(request: Request) -> Response:
    """The double-entry journal, the newest first."""
    limit, after = cursor(request)
    rows = movements(
        limit=limit + 1,
        before=after,
        kind=filters.word(request, "kind"),
        account=_account(request),
        epoch=filters.epoch(request),
    )
    return cursor_page(request, rows, limit=limit, number=lambda row: row.id, render=_transaction_json)


@extend_schema(tags=["ledger"], operation_id="ledger_transaction", responses=OneTransactionSchema)
@api_view(["GET"])
def one_transaction(request: Request, transaction: int) -> Response:
    """One transaction by its id, with its place in the journal."""
    row = movement(transaction) if transaction < ID_LIMIT else None
    if row is None:
        raise NotFound("The ledger has no transaction with this id.")
    place = None if row.number is None else neighbours(row.number)
    return Response(
        {
            **_transaction_json(row),
            "former_hash": place.former_hash if place else None,
            "before": place.before if place else None,
            "after": place.after if place else None,
        }
    )


@extend_schema(tags=["ledger"], operation_id="ledger_account", responses=AccountShape)
@api_view(["GET"])
def account(request: Request, name: str) -> Response:
    """The balance of an account; 0 for one without entries."""
    internal = account_name(name)
    return Response({"name": shown_account(internal), "balance": format_amount(balance(internal))})


def _account(request: Request) -> str | None:
    text = request.query_params.get("account")
    try:
        return None if text is None else account_name(text)
    except NotFound as error:
        raise Invalid(error.detail, field="account") from None


def _transaction_json(row: Movement) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "reference": shown_reference(row.reference),
        "actor": shown_reference(row.actor),
        "at": write_moment(row.at),
        "epoch": row.epoch,
        "entries": [
            {"account": shown_account(name), "amount": format_amount(amount)} for name, amount in row.entries
        ],
        "number": row.number,
        "hash": row.hash or None,
        "key": row.key,
    }
