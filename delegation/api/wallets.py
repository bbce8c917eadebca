"""Reading a wallet: balances, delegations, unbondings, redelegations, rewards, statement. Anyone may."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.api import serializers as shapes
from delegation.exports import earnings_csv, statement_csv
from delegation.selectors import positions, redelegations, unbondings
from delegation.selectors.earnings import earnings
from delegation.selectors.statement import (
    Period,
    Statement,
    compounds,
    epochs_ending_in,
    lines,
    read_period,
    statement,
)
from delegation.selectors.wallets import WalletFigures, wallet_figures
from delegation.tax_exports import PRESETS, tax_csv
from postgres.snapshot import snapshot
from protocol.addresses import checksum, normalize
from protocol.errors import Invalid
from staking.services import clock
from web.api.cursors import Window, address_part, moment_part, number_part, pattern_part, window
from web.api.fields import AddressField
from web.api.filters import choice
from web.api.pagination import PAGE_PARAMETERS, page, page_of

Row = TypeVar("Row")
UNBONDING_STATUSES = ("open", "paid", "cancelled")
REDELEGATION_STATUSES = ("recorded", "executed", "cancelled")
FORMATS = ("json", "csv")
# A file is made in memory, and anybody may ask for that of the busiest wallet.
LARGEST_FILE = 100_000
PERIOD_PARAMETERS = [
    OpenApiParameter("from", description="The first day, UTC, or a moment; open without one."),
    OpenApiParameter("to", description="The last day, UTC, included, or a moment."),
    OpenApiParameter(
        "format",
        enum=["json", "csv"],
        description=f"csv has all rows at once, of a period with at most {LARGEST_FILE:,}.",
        default="json",
    ),
]
PRESET_PARAMETER = OpenApiParameter(
    "preset",
    enum=list(PRESETS),
    description="With format=csv: the columns and labels that this tax tool imports.",
)


def _status(among: tuple[str, ...]) -> OpenApiParameter:
    return OpenApiParameter("status", enum=list(among))


def wallet_json(figures: WalletFigures) -> dict[str, Any]:
    """A wallet as in `GET me`."""
    return dict(shapes.WalletSerializer(figures).data)


@extend_schema(tags=["wallets"], responses=shapes.WalletSerializer)
@api_view(["GET"])
def wallet(request: Request, address: str) -> Response:
    """The balances of a wallet; all 0 for an unused address."""
    return Response(wallet_json(wallet_figures(normalize(address), now=clock.now())))


@extend_schema(tags=["wallets"], parameters=PAGE_PARAMETERS, responses=page_of(shapes.DelegationSerializer))
@api_view(["GET"])
def delegations(request: Request, address: str) -> Response:
    """The wallet's delegations, by node address."""
    wanted = window(request, address_part)
    (last,) = wanted.after or ("",)
    rows = [p for p in positions.positions_of_wallet(normalize(address)) if not p.is_over and p.node > last]
    return _page(
        request,
        rows[wanted.offset : wanted.stop + 1],
        wanted,
        shapes.DelegationSerializer,
        lambda p: (p.node,),
    )


@extend_schema(
    tags=["wallets"],
    parameters=[_status(UNBONDING_STATUSES), *PAGE_PARAMETERS],
    responses=page_of(shapes.UnbondingSerializer),
)
@api_view(["GET"])
def wallet_unbondings(request: Request, address: str) -> Response:
    """The wallet's unbonding entries, in the order in which they are paid."""
    status = choice(request, "status", UNBONDING_STATUSES)
    wallet, wanted = normalize(address), window(request, moment_part, number_part)
    rows = unbondings.unbondings_of_wallet(
        wallet,
        now=clock.now(),
        status=status,
        limit=wanted.limit + 1,
        offset=wanted.offset,
        after=wanted.after,
    )
    return _page(request, rows, wanted, shapes.UnbondingSerializer, lambda row: (row.matures_at, row.id))


@extend_schema(
    tags=["wallets"],
    parameters=[_status(REDELEGATION_STATUSES), *PAGE_PARAMETERS],
    responses=page_of(shapes.RedelegationSerializer),
)
@api_view(["GET"])
def wallet_redelegations(request: Request, address: str) -> Response:
    """The wallet's redelegations, the newest first."""
    status = choice(request, "status", REDELEGATION_STATUSES)
    wallet, wanted = normalize(address), window(request, number_part)
    (last,) = wanted.after or (None,)
    rows = redelegations.redelegations_of_wallet(
        wallet, status=status, limit=wanted.limit + 1, offset=wanted.offset, before=last
    )
    return _page(request, rows, wanted, shapes.RedelegationSerializer, lambda row: (row.id,))


@extend_schema(
    tags=["wallets"],
    parameters=[*PERIOD_PARAMETERS, *PAGE_PARAMETERS],
    responses={
        (200, "application/json"): page_of(shapes.RewardSerializer),
        (200, "text/csv"): OpenApiTypes.STR,
    },
)
@api_view(["GET"])
def rewards(request: Request, address: str) -> Response | HttpResponse:
    """The wallet's earnings on each node in each epoch that ended in a period, with their factors; newest first."""
    wallet = normalize(address)
    first, last = epochs_ending_in(_period(request))
    if choice(request, "format", FORMATS) == "csv":
        rows = earnings(wallet, first=first, last=last, limit=LARGEST_FILE + 1)
        return _file(earnings_csv(_all_of(rows)), f"rewards-{checksum(wallet)}.csv")
    wanted = window(request, number_part, address_part, pattern_part("delegator|operator"))
    rows = earnings(
        wallet,
        first=first,
        last=last,
        limit=wanted.limit + 1,
        offset=wanted.offset,
        after=wanted.after,
    )
    return _page(request, rows, wanted, shapes.RewardSerializer, lambda row: (row.epoch, row.node, row.role))


@extend_schema(
    tags=["wallets"],
    parameters=[*PERIOD_PARAMETERS, PRESET_PARAMETER, *PAGE_PARAMETERS],
    responses={
        (200, "application/json"): inline_serializer(
            "Statement",
            {
                "wallet": AddressField(),
                "from": serializers.CharField(allow_null=True),
                "to": serializers.CharField(allow_null=True),
                "totals": shapes.StatementTotalsSerializer(),
                "earned": shapes.EarnedOnSerializer(many=True),
                "results": shapes.MovementSerializer(many=True),
                "next": serializers.URLField(allow_null=True),
            },
        ),
        (200, "text/csv"): OpenApiTypes.STR,
    },
)
@api_view(["GET"])
def wallet_statement(request: Request, address: str) -> Response | HttpResponse:
    """Every ledger movement of the wallet and every slash that affected it, oldest first, with totals."""
    wallet = normalize(address)
    period = _period(request)
    preset = choice(request, "preset", tuple(PRESETS))
    if choice(request, "format", FORMATS) == "csv":
        if preset:
            return _tax_file(wallet, period, preset)
        rows = _all_of(lines(wallet, period, limit=LARGEST_FILE + 1))
        return _file(statement_csv(rows), f"statement-{checksum(wallet)}.csv")
    if preset:
        raise Invalid("A preset needs format=csv.", field="preset")
    # Rows are only ever added at the end: a place in the list is the number of rows before it.
    wanted = window(request, number_part)
    (start,) = wanted.after or (wanted.offset,)
    rows = lines(wallet, period, limit=wanted.limit + 1, offset=start)
    end = start + wanted.limit
    answer = _page(request, rows, wanted, shapes.MovementSerializer, lambda row: (end,))
    answer.data = {**statement_json(statement(wallet, period)), **answer.data}
    return answer


def _tax_file(wallet: str, period: Period, preset: str) -> HttpResponse:
    with snapshot():
        rows = _all_of(lines(wallet, period, limit=LARGEST_FILE + 1))
        compounded = _all_of(compounds(wallet, period, limit=LARGEST_FILE + 1))
    return _file(tax_csv(preset, rows, compounded), f"{preset}-{checksum(wallet)}.csv")


def statement_json(summary: Statement) -> dict[str, Any]:
    """A statement without its rows."""
    return {
        "wallet": checksum(summary.wallet),
        "from": summary.period.first,
        "to": summary.period.last,
        "totals": shapes.StatementTotalsSerializer(summary).data,
        "earned": shapes.EarnedOnSerializer(summary.earned, many=True).data,
    }


def _period(request: Request) -> Period:
    query = request.query_params
    return read_period(query.get("from", ""), query.get("to", ""))


def _all_of(rows: list[Row]) -> list[Row]:
    """Rows that were read one further than a file may have. Raises: `invalid`."""
    if len(rows) > LARGEST_FILE:
        raise Invalid(f"Ask for a shorter period: a file has at most {LARGEST_FILE:,} rows.", field="from")
    return rows


def _file(lines: Iterator[str], name: str) -> HttpResponse:
    answer = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(
    request: Request,
    rows: list[Any],
    wanted: Window,
    serializer: type[serializers.Serializer[Any]],
    key: Callable[[Any], tuple[Any, ...]],
) -> Response:
    """A page of rows that were read one further than the limit."""
    return page(request, rows, window=wanted, key=key, render=lambda shown: serializer(shown, many=True).data)
