"""Epochs: the list, a report, its rows, proofs of them."""

from __future__ import annotations

from typing import TypeVar

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from chain.selectors import anchors_of
from protocol.addresses import checksum, normalize
from protocol.merkle import LEAF_ENCODING
from staking.api import epoch_schemas as shapes
from staking.selectors import epochs
from staking.selectors.epoch_inputs import inputs_of, receipts_of
from staking.selectors.proofs import proof_of
from web.api.cursors import address_part, window
from web.api.pagination import CURSOR_PARAMETERS, PAGE_PARAMETERS, cursor, cursor_page, page, page_of


@extend_schema(
    tags=["epochs"],
    operation_id="epochs_list",
    parameters=CURSOR_PARAMETERS,
    responses=page_of(shapes.EpochReport),
)
@api_view(["GET"])
def epoch_list(request: Request) -> Response:
    """Epochs, the newest first."""
    limit, after = cursor(request)
    rows = epochs.epochs() if after is None else epochs.epochs().filter(number__lt=after)
    shown = list(rows[: limit + 1])
    context = {"anchors": anchors_of([row.number for row in shown])}
    return cursor_page(
        request,
        shown,
        limit=limit,
        number=lambda row: row.number,
        render=lambda row: shapes.EpochReport(row, context=context).data,
    )


@extend_schema(tags=["epochs"], operation_id="epochs_read", responses=shapes.EpochReport)
@api_view(["GET"])
def one_epoch(request: Request, number: int) -> Response:
    """An epoch and, once it is settled, its report."""
    epoch = epochs.epoch(number)
    return Response(shapes.EpochReport(epoch, context={"anchors": anchors_of([number])}).data)


@extend_schema(
    tags=["epochs"],
    operation_id="epochs_nodes",
    parameters=PAGE_PARAMETERS,
    responses=page_of(shapes.EpochNode),
)
@api_view(["GET"])
def epoch_nodes(request: Request, number: int) -> Response:
    """The rows of a report, by address; none until the epoch is settled."""
    wanted = window(request, address_part)
    rows = epochs.rows_of_epoch(number)
    if wanted.after is not None:
        rows = rows.filter(node__address__gt=wanted.after[0])
    return page(
        request,
        list(rows[wanted.offset : wanted.stop + 1]),
        window=wanted,
        key=lambda row: (row.node.address,),
        render=lambda shown: shapes.EpochNode(shown, many=True).data,
    )


FileT = TypeVar("FileT", HttpResponse, StreamingHttpResponse)
FILE = {(200, "application/gzip"): OpenApiTypes.BINARY}


@extend_schema(tags=["epochs"], operation_id="epochs_inputs", responses=FILE)
@api_view(["GET"])
def epoch_inputs(request: Request, number: int) -> HttpResponse:
    """The inputs of a settled epoch: a gzip file with one JSON object a line, the header first (R53)."""
    return _file(HttpResponse(inputs_of(number), content_type="application/gzip"), number, "inputs")


@extend_schema(tags=["epochs"], operation_id="epochs_receipts", responses=FILE)
@api_view(["GET"])
def epoch_receipts(request: Request, number: int) -> StreamingHttpResponse:
    """The receipts of a settled epoch in recorded order, as long as they are stored: a file like that of the inputs."""
    return _file(
        StreamingHttpResponse(receipts_of(number), content_type="application/gzip"), number, "receipts"
    )


@extend_schema(tags=["epochs"], operation_id="epochs_proof", responses=shapes.Proof)
@api_view(["GET"])
def epoch_proof(request: Request, number: int, address: str) -> Response:
    """The leaves of a node, or of a wallet with an exit, in the epoch's Merkle tree; a contract can verify them."""
    node = normalize(address)
    proof = proof_of(number, node)
    return Response(
        {
            "epoch": number,
            "node": checksum(node),
            "root": proof.root,
            "leaf_encoding": LEAF_ENCODING,
            "leaves": [shapes.leaf_json(proven) for proven in proof.leaves],
        }
    )


def _file(response: FileT, number: int, name: str) -> FileT:
    response["Content-Disposition"] = f'attachment; filename="epoch-{number}-{name}.ndjson.gz"'
    # The file is compressed; the middleware must not compress it once more.
    response["Content-Encoding"] = "identity"
    return response
