"""`/epochs/N/proof/ADDR/` and `/verify/`: proofs that the reader's browser checks (R51)."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from chain.abi import selector
from chain.configuration import chain_configuration
from protocol.addresses import checksum, normalize
from protocol.errors import AddressInvalid, NotFound, ProtocolError
from protocol.merkle import Leaf
from staking.selectors.proofs import Proof, proof_of

KINDS = {
    "reward": gettext_lazy("Reward"),
    "slash": gettext_lazy("Slashed"),
    "minted": gettext_lazy("Minted since the beginning"),
    "burned": gettext_lazy("Burned since the beginning"),
    "released": gettext_lazy("Taken out since the beginning"),
}
# Epochs have at most so many digits in the database.
MAX_EPOCH = 2**31 - 1


@require_safe
def proof_page(request: HttpRequest, number: int, address: str) -> HttpResponse:
    """The leaves of a node or wallet in an epoch's tree."""
    try:
        proof = proof_of(number, normalize(address))
    except (AddressInvalid, NotFound):
        raise Http404 from None
    context = {
        "number": number,
        "address": normalize(address),
        "proof": proof,
        "leaves": [(KINDS[one.leaf.kind], one) for one in proof.leaves],
        "data": _data(proof),
        "share": request.build_absolute_uri(reverse("proof", args=[number, checksum(normalize(address))])),
        "root_command": _root_command(number),
        **chain_context(),
    }
    return render(request, "staking/proof.html", context)


@require_safe
def verify_page(request: HttpRequest) -> HttpResponse:
    """A form that leads to a proof, and one that checks a proof from elsewhere; the latter stays in the browser."""
    epoch, address, error = request.GET.get("epoch", ""), request.GET.get("address", "").strip(), ""
    if epoch or address:
        try:
            return HttpResponseRedirect(_address_of(epoch, address))
        except ProtocolError as refusal:
            error = refusal.detail
    context = {"epoch": epoch, "address": address, "error": error, **chain_context()}
    return render(request, "staking/verify.html", context, status=404 if error else 200)


def chain_context() -> dict[str, Any]:
    """What the script needs to read the root from the contract: chain id, address and the beginnings of two calls."""
    configuration = chain_configuration()
    if configuration is None:
        return {"chain_id": "", "settlement": ""}
    return {
        "chain_id": configuration.chain_id,
        "settlement": checksum(configuration.settlement),
        "last_call": "0x" + selector("last_epoch()").hex(),
        "root_call": "0x" + selector("root_of(uint256)").hex(),
    }


def _root_command(number: int) -> str:
    """The command of Foundry that reads an epoch's root from the contract; "" without a chain."""
    configuration = chain_configuration()
    if configuration is None:
        return ""
    contract = checksum(configuration.settlement)
    return f'cast call {contract} "root_of(uint256)(bytes32)" {number} --rpc-url {configuration.public_rpc}'


def _address_of(epoch: str, address: str) -> str:
    """The address of the page of a proof that exists. Raises: `not_found`, `address_invalid`."""
    node = normalize(address)
    if not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 10 and int(epoch) <= MAX_EPOCH):
        raise NotFound("Enter the number of a settled epoch.")
    proof_of(int(epoch), node)
    return reverse("proof", args=[int(epoch), checksum(node)])


def _data(proof: Proof) -> str:
    """Root and leaves for the script; amounts as texts, which JavaScript reads exactly."""
    leaves = []
    for one in proof.leaves:
        leaf: Leaf = one.leaf
        value = [leaf.kind, checksum(leaf.address), str(leaf.amount), leaf.epoch]
        leaves.append({"value": value, "proof": ["0x" + sibling.hex() for sibling in one.proof]})
    return json.dumps({"root": proof.root, "leaves": leaves})
