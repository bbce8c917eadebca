"""`/epochs/N/proof/ADDR/` and `/verify/`: proofs that the reader's browser checks (R51)."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from chain.abi import selector
from chain.configuration import chain_configuration
from protocol.addresses import checksum, normalize
from protocol.errors import AddressInvalid, Invalid, NotFound, ProtocolError
from protocol.merkle import Leaf
from staking.selectors.proofs import Proof, proof_of
from web.forms import NumberField, PageForm, RuleField

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


class EpochField(NumberField):
    """The number of an epoch, as the reader writes numbers."""

    bounds = Invalid


class ProofForm(PageForm):
    """The epoch and the address of a proof that exists."""

    refusal_field = "address"

    epoch = EpochField(
        label=gettext_lazy("Epoch"), min_value=1, max_value=MAX_EPOCH,
        error_messages={"required": gettext_lazy("Enter the number of a settled epoch.")},
    )  # fmt: skip
    address = RuleField(
        rule=normalize, label=gettext_lazy("Address of a node, or of a wallet with an exit"),
        widget=forms.TextInput(attrs={"placeholder": "0x…", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="%s")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "epoch" in values and "address" in values:
            try:
                proof_of(values["epoch"], values["address"])
            except ProtocolError as refusal:
                self.add_refusal(refusal)
        return values

    @property
    def proof_address(self) -> str:
        """The address of the page of the proof; for a valid form."""
        return reverse("proof", args=[self.cleaned_data["epoch"], checksum(self.cleaned_data["address"])])


@require_safe
def verify_page(request: HttpRequest) -> HttpResponse:
    """A form that leads to a proof, and one that checks a proof from elsewhere; the latter stays in the browser."""
    form = ProofForm(request.GET if request.GET.get("epoch") or request.GET.get("address") else None)
    if form.is_valid():
        return HttpResponseRedirect(form.proof_address)
    return render(request, "staking/verify.html", {"form": form, **chain_context()}, status=form.status)


def chain_context() -> dict[str, Any]:
    """Values for the script that reads the root from the contract: chain id, address, beginnings of two calls."""
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


def _data(proof: Proof) -> str:
    """Root and leaves for the script; amounts as texts, which JavaScript reads exactly."""
    leaves = []
    for one in proof.leaves:
        leaf: Leaf = one.leaf
        value = [leaf.kind, checksum(leaf.address), str(leaf.amount), leaf.epoch]
        leaves.append({"value": value, "proof": ["0x" + sibling.hex() for sibling in one.proof]})
    return json.dumps({"root": proof.root, "leaves": leaves})
