"""The leaderboard's filters with something to type: an amount, limits of measures, a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from protocol.amounts import BPS
from protocol.projection import MAX_APR
from protocol.rewards import REPUTATION_CAP
from web.forms import AmountField, NumberField, PageForm, PercentField


class NumericFilters(PageForm):
    """Cleaned values: µIFM, bps, a reputation, a day in UTC; None or False when not set."""

    amount = AmountField(label=gettext_lazy("My amount"), required=False, min_value=1)
    apr = PercentField(label=gettext_lazy("APR at least"), required=False, min_value=0, max_value=MAX_APR)
    sla = PercentField(label=gettext_lazy("SLA at least"), required=False, min_value=0, max_value=BPS)
    uptime = PercentField(label=gettext_lazy("Uptime at least"), required=False, min_value=0, max_value=BPS)
    share = PercentField(
        label=gettext_lazy("Delegator share at least"), required=False, min_value=0, max_value=BPS
    )
    capacity = AmountField(label=gettext_lazy("Accepts at least"), required=False, min_value=1)
    reputation = NumberField(
        label=gettext_lazy("Reputation at least"), required=False, min_value=0, max_value=REPUTATION_CAP
    )
    before = forms.DateField(
        label=gettext_lazy("Registered before"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    never_slashed = forms.BooleanField(label=gettext_lazy("Never slashed"), required=False)
    promises_kept = forms.BooleanField(label=gettext_lazy("Promises kept"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="f-%s", **kwargs)


class InvalidFilters(ValueError):
    """Typed filters that are wrong: `form` has the errors, `choices` the rest of the query."""

    def __init__(self, form: NumericFilters, choices: Any) -> None:
        super().__init__()
        self.form, self.choices = form, choices


def clean_filters(query: Any, choices: Any) -> dict[str, Any]:
    """The cleaned values of a query. Raises: InvalidFilters."""
    form = NumericFilters(query)
    if not form.is_valid():
        raise InvalidFilters(form, choices)
    return form.cleaned_data


def opening(day: date | None) -> datetime | None:
    """The moment at which a day begins, in UTC."""
    return None if day is None else datetime.combine(day, time(), UTC)
