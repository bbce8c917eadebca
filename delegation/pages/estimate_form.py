"""The amount for which a page estimates rewards."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from web.forms import AmountField, PageForm


class EstimateForm(PageForm):
    """An amount to try; nothing typed means no estimate."""

    amount = AmountField(label=gettext_lazy("Amount"), required=False)
