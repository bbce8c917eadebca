"""Django form fields for amounts, percentages, addresses, numbers and durations, and the form that has them.

Fields read what pages display: numbers in the reader's own style. Cleaned values are the protocol's: µIFM, bps,
seconds, lower-case addresses. Errors name limits in the unit of the field and have the protocol's stable code.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext, gettext_lazy

from protocol.addresses import checksum, normalize
from protocol.amounts import MAX_AMOUNT
from protocol.errors import (
    AddressInvalid,
    AmountInvalid,
    AmountTooSmall,
    Invalid,
    ParameterOutOfBounds,
    ProtocolError,
)
from web.formatting import UNIT, amount_digits, fixed, grouped_int, period
from web.number_input import AmbiguousNumber, NumberError, TooManyDecimals, plain_number, read_number
from web.templatetags.refusals import refusal_text

ALL = "all"


class PageRenderer(TemplatesSetting):
    """Renders a field with label, unit, help and errors: templates/components/field.html."""

    field_template_name = "components/field.html"


class PageForm(forms.Form):
    """A form of a page: the site's widgets, errors with codes, the first wrong field focused."""

    default_renderer = PageRenderer
    # The field at which a refusal is shown that names none of the form's fields; None: above the form.
    refusal_field: str | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusal: ProtocolError | None = None
        for field in self.fields.values():
            _style(field.widget)

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_bound:
            self._focus()

    def add_refusal(self, refusal: ProtocolError) -> None:
        """Show what a service refused: at the field that it names, else at `refusal_field`."""
        self.refusal = refusal
        field = refusal.field if refusal.field in self.fields else self.refusal_field
        self.add_error(field, ValidationError(refusal_text(refusal), code=refusal.code))
        self._focus()

    @property
    def status(self) -> int:
        """The HTTP status of a page that shows the form: 200, or that of what is wrong."""
        if self.refusal is not None:
            return self.refusal.status
        return 400 if self.is_bound and self.errors else 200

    def _focus(self) -> None:
        for name in self.errors:
            field = self.fields.get(name)
            if field is not None and not field.widget.is_hidden:
                field.widget.attrs["autofocus"] = True
                return


class NumberField(forms.Field):
    """A number of the smallest unit: `scale` decimals are typed, `unit` stands behind the field.

    `min_value` and `max_value` in the smallest unit; outside of them the error has the code of `bounds`.
    """

    scale = 0
    unit: Any = ""
    invalid: type[ProtocolError] = Invalid
    bounds: type[ProtocolError] = ParameterOutOfBounds
    default_error_messages = {"required": gettext_lazy("Enter a number.")}

    def __init__(
        self, *, min_value: int | None = None, max_value: int | None = None, unit: Any = "", **kwargs: Any
    ) -> None:
        self.min_value, self.max_value = min_value, max_value
        self.unit = unit or self.unit
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        mode = "decimal" if self.scale else "numeric"
        return {"inputmode": mode, "autocomplete": "off", "maxlength": 40}

    def to_python(self, value: Any) -> Any:
        """The text as an integer of the smallest unit; None for an empty one."""
        text = str(value or "").strip().removesuffix(str(self.unit)).strip()
        if not text:
            return None
        try:
            return self.read(text)
        except AmbiguousNumber as error:
            message = gettext("“%(text)s” can mean %(small)s or %(large)s. Enter %(small)s or %(large)s.")
            small, large = map(self.write, error.readings)
            raise self.error(message % {"text": text, "small": small, "large": large}) from None
        except TooManyDecimals:
            raise self.error(self.decimals_message()) from None
        except NumberError:
            message = gettext("“%(text)s” cannot be read. Enter a number from 0 on, for example %(example)s.")
            raise self.error(message % {"text": text, "example": self.example()}) from None

    def validate(self, value: Any) -> None:
        if value is None:
            if self.required:
                raise self.error(str(self.error_messages["required"]))
            return
        if self.min_value is not None and value < self.min_value:
            raise ValidationError(self.bounds_message(), code=self.below().code)
        if self.max_value is not None and value > self.max_value:
            raise ValidationError(self.bounds_message(), code=self.bounds.code)

    def prepare_value(self, value: Any) -> Any:
        """The text that the field shows: in the reader's style when it can be read, else as it was typed."""
        try:
            value = value if isinstance(value, int) else self.read(str(value or "").strip())
        except NumberError:
            return value
        return self.write(value)

    def read(self, text: str) -> int:
        return read_number(text, self.scale)

    def write(self, value: int) -> str:
        """The value as text for the input."""
        return plain_number(value, self.scale)

    def shown(self, value: int) -> str:
        """The value with its unit, for sentences."""
        return grouped_int(value)

    def below(self) -> type[ProtocolError]:
        return self.bounds

    def error(self, message: str) -> ValidationError:
        return ValidationError(message, code=self.invalid.code)

    def example(self) -> str:
        return self.write(15 * 10**self.scale // 10 if self.scale else 10)

    def decimals_message(self) -> str:
        if not self.scale:
            return gettext("Enter a whole number.")
        return gettext("Enter at most %(n)d decimals.") % {"n": self.scale}

    def bounds_message(self) -> str:
        low, high = self.min_value, self.max_value
        if low is not None and high is not None:
            message = gettext("Enter a value from %(low)s to %(high)s.")
            return message % {"low": self.shown(low), "high": self.shown(high)}
        if low is not None:
            return gettext("Enter at least %(low)s.") % {"low": self.shown(low)}
        return gettext("Enter at most %(high)s.") % {"high": self.shown(high or 0)}


class AmountField(NumberField):
    """An amount of IFM as µIFM. `allow_all`: the word "all" is accepted and cleaned to ALL."""

    scale = 6
    unit = UNIT
    invalid = AmountInvalid
    default_error_messages = {"required": gettext_lazy("Enter an amount.")}

    def __init__(self, *, allow_all: bool = False, **kwargs: Any) -> None:
        self.allow_all = allow_all
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        if self.allow_all and str(value or "").strip().lower() in (ALL, gettext("all")):
            return ALL
        amount = super().to_python(value)
        if amount is not None and amount > MAX_AMOUNT:
            raise self.error(gettext("Enter at most %(high)s.") % {"high": self.shown(MAX_AMOUNT)})
        return amount

    def validate(self, value: Any) -> None:
        if value != ALL:
            super().validate(value)

    def shown(self, value: int) -> str:
        return f"{amount_digits(value)} {UNIT}"

    def below(self) -> type[ProtocolError]:
        return AmountTooSmall


class PercentField(NumberField):
    """A percentage with at most two decimals as bps."""

    scale = 2
    unit = "%"
    invalid = ParameterOutOfBounds
    default_error_messages = {"required": gettext_lazy("Enter a percentage.")}

    def shown(self, value: int) -> str:
        return fixed(value, 2, 0 if value % 100 == 0 else 2) + "%"


class FactorField(NumberField):
    """A factor with at most four decimals, 1.15×, as bps (11,500)."""

    scale = 4
    unit = "×"
    invalid = ParameterOutOfBounds

    def shown(self, value: int) -> str:
        return fixed(value, 4, 2 if value % 100 == 0 else 4) + "×"


class DurationField(NumberField):
    """A length of time as seconds, typed in units of `unit_seconds` (3600: hours) with decimals where they fit."""

    scale = 6
    invalid = ParameterOutOfBounds
    UNITS = {
        1: gettext_lazy("seconds"),
        60: gettext_lazy("minutes"),
        3_600: gettext_lazy("hours"),
        86_400: gettext_lazy("days"),
    }

    def __init__(self, *, unit_seconds: int = 1, **kwargs: Any) -> None:
        self.unit_seconds = unit_seconds
        super().__init__(unit=self.UNITS[unit_seconds], **kwargs)

    def read(self, text: str) -> int:
        seconds, rest = divmod(read_number(text, self.scale) * self.unit_seconds, 10**self.scale)
        if rest:
            raise TooManyDecimals
        return seconds

    def write(self, value: int) -> str:
        parts, rest = divmod(value * 10**self.scale, self.unit_seconds)
        return plain_number(parts, self.scale) if rest == 0 else str(value)

    def shown(self, value: int) -> str:
        return period(value)

    def decimals_message(self) -> str:
        return gettext("Enter a time of whole seconds.")


class AddressesField(forms.Field):
    """Addresses of one name as 0x and 40 lower-case hex digits; those after the first `max_length` are ignored."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.max_length = max_length
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> list[str]:
        try:
            return [normalize(text) for text in (value or ())[: self.max_length]]
        except AddressInvalid as error:
            raise ValidationError(refusal_text(error), code=error.code) from None


class AddressField(forms.CharField):
    """An address as 0x and 40 lower-case hex digits; a wrong checksum is an error."""

    default_error_messages = {"required": gettext_lazy("Enter an address.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=66, **kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        return attrs | {"autocomplete": "off", "spellcheck": "false", "placeholder": "0x…"}

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            return normalize(text)
        except AddressInvalid as error:
            raise ValidationError(refusal_text(error), code=error.code) from None

    def prepare_value(self, value: Any) -> Any:
        try:
            return checksum(normalize(value)) if value else value
        except AddressInvalid:
            return value


class RuleField(forms.CharField):
    """Text that a rule of the protocol checks: `rule` returns the value or raises a ProtocolError."""

    def __init__(self, *, rule: Any, **kwargs: Any) -> None:
        self.rule = rule
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text and not self.required:
            return text
        try:
            return self.rule(text)
        except ProtocolError as error:
            raise ValidationError(refusal_text(error), code=error.code) from None


def _style(widget: forms.Widget) -> None:
    """Give a widget the class of its kind, unless it has one."""
    if widget.is_hidden:
        return
    name = "form-control"
    if isinstance(widget, (forms.CheckboxInput, forms.RadioSelect)):
        name = "form-check-input"
    elif isinstance(widget, forms.Select):
        name = "form-select"
    widget.attrs.setdefault("class", name)
