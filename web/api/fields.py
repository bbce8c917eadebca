"""Fields of the API's bodies: strict, so that nothing is guessed from a value of another type."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from protocol.addresses import checksum, normalize
from protocol.amounts import MAX_AMOUNT, format_amount, parse_amount
from protocol.errors import AddressInvalid, AmountInvalid, Invalid, ProtocolError
from protocol.times import read_moment, write_moment

ALL = "all"
AMOUNT = {"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,6})?$", "examples": ["1500.000000"]}
SIGNED_AMOUNT = {"type": "string", "pattern": r"^-?[0-9]{1,13}\.[0-9]{6}$", "examples": ["-12.500000"]}
AMOUNT_OR_ALL = {"anyOf": [AMOUNT, {"type": "string", "const": ALL}], "examples": ["250.5"]}
ADDRESS = {
    "type": "string",
    "pattern": "^0[xX][0-9a-fA-F]{40}$",
    "examples": ["0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"],
}
MOMENT = {"type": "string", "format": "date-time", "examples": ["2026-11-24T12:00:00Z"]}


class ProtocolField(serializers.Field):
    """A field whose refusals carry a code of the protocol, a null like any other wrong value."""

    refusal: ClassVar[type[ProtocolError]]

    def fail(self, key: str, **kwargs: Any) -> Any:
        if key == "required":
            super().fail(key, **kwargs)
        raise serializers.ValidationError(self.refusal.sentence, code=self.refusal.code)

    def parse(self, data: Any) -> Any:
        raise NotImplementedError

    def to_internal_value(self, data: Any) -> Any:
        try:
            return self.parse(data)
        except ProtocolError as error:
            raise serializers.ValidationError(error.detail, code=error.code) from error


@extend_schema_field(AMOUNT)
class AmountField(ProtocolField):
    """IFM as a decimal string outside, µIFM as an int inside (R2)."""

    refusal = AmountInvalid

    def parse(self, data: Any) -> int | None:
        return parse_amount(data)

    def to_representation(self, value: int) -> str:
        return format_amount(value)


@extend_schema_field(AMOUNT_OR_ALL)
class AmountOrAllField(AmountField):
    """An amount, or the word "all", which is None inside."""

    def parse(self, data: Any) -> int | None:
        return None if data == ALL else parse_amount(data)


@extend_schema_field(SIGNED_AMOUNT)
class SignedAmountField(AmountField):
    """A movement in answers: it may be negative."""


@extend_schema_field(ADDRESS)
class AddressField(ProtocolField):
    """An address: canonical inside, with its checksum outside (R5)."""

    refusal = AddressInvalid

    def parse(self, data: Any) -> str:
        return normalize(data)

    def to_representation(self, value: str) -> str:
        return checksum(value)


class IntegerField(serializers.IntegerField):
    """A JSON integer: no string, float or boolean is taken for one. At most 63 bits unless told otherwise."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_value": MAX_AMOUNT, "min_value": -MAX_AMOUNT, **kwargs})

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class BooleanField(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if type(data) is not bool:
            self.fail("invalid", input=data)
        return bool(data)


class TextField(serializers.CharField):
    """A JSON string: no number is taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(MOMENT)
class MomentField(serializers.Field):
    """An RFC 3339 time, UTC."""

    default_error_messages = {"invalid": "Give a time as RFC 3339, for example 2026-11-24T12:00:00Z."}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return read_moment(data)
        except ValueError:
            return self.fail("invalid")

    def to_representation(self, value: datetime) -> str:
        return write_moment(value)


class ObjectField(serializers.DictField):
    """A JSON object of named values: hardware, measurements."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return dict(data)


def validated_body(schema: type[serializers.Serializer[Any]], data: object) -> dict[str, Any]:
    """The values of a request body by the schema. Raises: the refusals of its fields, `invalid` for an unknown one."""
    body = schema(data=data)
    if isinstance(data, dict):
        for name in sorted(data.keys() - body.fields.keys()):
            raise Invalid(f"{name[:64]} is not a field of this request.", field=name[:64])
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
