"""Form fields of parameters, in the units that people use: IFM, percent, factors, times and counts."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from governance.pages.parameter_labels import FACTORS, is_amount, show, title
from protocol.amounts import format_amount, parse_amount
from protocol.bounds import BOUNDS, TABLE_BOUNDS
from protocol.errors import Invalid, ParameterOutOfBounds, ProtocolError
from web.forms import AmountField, DurationField, FactorField, NumberField, PercentField

# The largest unit in which a time is entered.
LONGEST_UNITS = {
    "epoch_seconds": 3_600,
    "ranking_seconds": 3_600,
    "unbonding_seconds": 86_400,
    "heartbeat_slot_seconds": 60,
}
COUNTS = {
    "_epochs": gettext_lazy("epochs"),
    "_jobs": gettext_lazy("jobs"),
}


class ParameterAmountField(AmountField):
    """An amount whose limits are the bounds of a parameter."""

    def below(self) -> type[ProtocolError]:
        return ParameterOutOfBounds


def field_of(key: str, value: Any) -> NumberField:
    """Return the field of a parameter with its bounds and its value in force (API format), in its own unit."""
    name = key.rpartition(".")[2]
    low, high = {**BOUNDS, **TABLE_BOUNDS}[name]
    number = parse_amount(value) if is_amount(name) else value
    kind, more = _kind(name, number)
    return kind(
        label=title(key),
        initial=number,
        min_value=low,
        max_value=high,
        validators=[_changed(key, number)],
        **more,
    )


def to_api(key: str, number: int) -> Any:
    """Return a cleaned value in the format of the API."""
    return format_amount(number) if is_amount(key.rpartition(".")[2]) else number


def _kind(name: str, number: int) -> tuple[Any, dict[str, Any]]:
    if is_amount(name):
        return ParameterAmountField, {}
    if name in FACTORS:
        return FactorField, {}
    if name.endswith("_bps"):
        return PercentField, {}
    if name.endswith("_seconds"):
        return DurationField, {"unit_seconds": _unit(name, number)}
    return NumberField, {"unit": next((unit for end, unit in COUNTS.items() if name.endswith(end)), "")}


def _unit(name: str, seconds: int) -> int:
    """Return the largest unit, in seconds, in which the value in force is a whole number."""
    units = [unit for unit in DurationField.UNITS if unit <= LONGEST_UNITS[name] and seconds % unit == 0]
    return max(units)


def _changed(key: str, in_force: int) -> Any:
    def validate(value: int) -> None:
        if value == in_force:
            message = gettext("Enter another value: %(value)s is in force.")
            raise ValidationError(message % {"value": show(key, in_force)}, code=Invalid.code)

    return validate
