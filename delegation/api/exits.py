"""Request exits of IFM to the chain, and list them (R55)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from delegation.api import serializers as schemas
from delegation.api.wallets import wallet_json
from delegation.selectors.wallets import wallet_figures
from protocol.addresses import normalize
from protocol.merkle import LEAF_ENCODING
from staking.api.epoch_schemas import ProofOfLeaves, leaf_json
from staking.selectors import exits
from staking.services import clock
from staking.services.exits import request_exit
from web.api.fields import AddressField, AmountField
from web.api.pagination import CURSOR_PARAMETERS, cursor, cursor_page, page_of


class ProveTransactionSerializer(serializers.Serializer[Any]):
    """A call of the token contract that anyone may send: address, calldata, and the same as a command of Foundry."""

    kind = serializers.ChoiceField(["minted", "burned", "released"])
    total = AmountField()
    to = AddressField()
    data = serializers.CharField()  # type: ignore[assignment]
    cast = serializers.CharField()


class ExitSerializer(serializers.Serializer[Any]):
    """An exit. `stage`: `recorded` until its epoch is settled, `waiting` until the epoch is anchored, `anchored` until
    the contract accepts the proof, then `provable`. `transactions` bring the proof; those of 0 IFM are left out."""

    id = serializers.IntegerField()
    wallet = AddressField()
    amount = AmountField()
    epoch = serializers.IntegerField()
    epoch_end = serializers.DateTimeField()
    requested_at = serializers.DateTimeField()
    status = serializers.ChoiceField(["recorded", "released"])
    stage = serializers.ChoiceField(["recorded", "waiting", "anchored", "provable"])
    provable = serializers.BooleanField()
    proof = serializers.SerializerMethodField()
    transactions = ProveTransactionSerializer(many=True)

    def get_proof(self, row: exits.ExitFigures) -> ProofOfLeaves | None:
        if row.proof is None:
            return None
        leaves = [leaf_json(proven) for proven in row.proof.leaves]
        return {"root": row.proof.root, "leaf_encoding": list(LEAF_ENCODING), "leaves": leaves}


RECORDED = inline_serializer(
    "ExitRecorded",
    {
        "transaction": serializers.IntegerField(help_text="Its number in the ledger."),
        "wallet": schemas.WalletSerializer(),
        "exit": ExitSerializer(),
    },
)


@extend_schema(tags=["chain"], request=schemas.AmountBody, responses={201: RECORDED})
@api_view(["POST"])
def request(request: Request) -> Response:
    """Take available IFM out of the protocol with the settlement of the open epoch."""
    body = schemas.AmountBody(data=request.data)
    body.is_valid(raise_exception=True)
    wallet, now = str(request.user.address), clock.now()  # type: ignore[union-attr]
    recorded = request_exit(wallet=wallet, amount=body.validated_data["amount"], now=now)
    answer = {
        "transaction": recorded.transaction,
        "wallet": wallet_json(wallet_figures(wallet, now=now)),
        "exit": ExitSerializer(exits.exit_of(recorded.pk)).data,
    }
    return Response(answer, status=201)


@extend_schema(tags=["wallets"], parameters=CURSOR_PARAMETERS, responses=page_of(ExitSerializer))
@api_view(["GET"])
def wallet_exits(request: Request, address: str) -> Response:
    """The wallet's exits, the newest first, with their proofs once they are settled."""
    wallet = normalize(address)
    limit, before = cursor(request)
    return cursor_page(
        request,
        exits.exits_of_wallet(wallet, limit=limit + 1, before=before),
        limit=limit,
        number=lambda row: row.id,
        render=lambda row: ExitSerializer(row).data,
    )
