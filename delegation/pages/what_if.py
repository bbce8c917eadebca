"""`/nodes/ADDR/what-if/`: what an amount would have earned on a node over the last settled epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from delegation.charts.what_if import replayed
from delegation.pages.actions.context import node_by_address
from delegation.selectors.what_if import SPANS, replay_on
from protocol.amounts import MICRO
from protocol.delegation_replay import Replay
from staking.models import Node
from web.charts import Chart
from web.forms import AmountField, PageForm

EXAMPLE = 1_000 * MICRO


class WhatIfForm(PageForm):
    """An amount, and the number of epochs for which it would have been delegated."""

    amount = AmountField(label=gettext_lazy("Amount"), min_value=1)
    epochs = forms.TypedChoiceField(label=gettext_lazy("For the last"), coerce=int)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="what-if-%s", **kwargs)
        epochs = self.fields["epochs"]
        assert isinstance(epochs, forms.TypedChoiceField)
        epochs.choices = [(n, ngettext("%d epoch", "%d epochs", n) % n) for n in SPANS]

    @classmethod
    def with_example(cls) -> WhatIfForm:
        """The form with values to begin with."""
        return cls(initial={"amount": EXAMPLE, "epochs": SPANS[1]})


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """`replay` is None before the form is valid, and for a node with too short a history."""

    node: Node
    form: WhatIfForm
    replay: Replay | None = None
    chart: Chart | None = None


@require_safe
def what_if(request: HttpRequest, address: str) -> HttpResponse:
    node = node_by_address(address)
    if node is None:
        raise Http404
    form = WhatIfForm(request.GET) if "amount" in request.GET else WhatIfForm.with_example()
    replay = None
    if form.is_valid():
        amount, epochs = form.cleaned_data["amount"], form.cleaned_data["epochs"]
        replay = replay_on([node.id], amount=amount, epochs=epochs).get(node.id)
    page = WhatIfPage(node, form, replay, replayed(replay) if replay else None)
    part = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    template = "delegation/what_if.html" + ("#result" if part else "")
    return render(request, template, {"page": page}, status=200 if part else form.status)
