"""`/chain/`: the network's chain."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from chain.selectors import problem_of
from chain_sync.selectors import NetworkChain, network_chain
from chain_sync.supply import supply


@require_safe
def chain_page(request: HttpRequest) -> HttpResponse:
    chain = network_chain()
    context = {
        "chain": chain,
        "addresses": _addresses(chain) if chain else [],
        "supply": supply(chain.cursor) if chain and chain.token else None,
        "deposits_problem": problem_of(chain.cursor) if chain and chain.cursor else None,
    }
    return render(request, "chain/chain.html", context)


def _addresses(chain: NetworkChain) -> list[tuple[str, str]]:
    named = [
        (gettext("Settlement contract"), chain.settlement),
        (gettext("Token contract"), chain.token),
        (gettext("Oracle"), chain.status.oracle),
    ]
    return [(label, address) for label, address in named if address]
