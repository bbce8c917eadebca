"""Column types for addresses and for integers beyond 64 bits."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.expressions import Combinable


class AddressField(models.CharField):  # type: ignore[type-arg]
    """A 20-byte address as lower-case 0x-hex, ordered by its bytes (R5)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 42
        kwargs["db_collation"] = "C"
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"], kwargs["db_collation"]
        return name, path, args, kwargs


class WideIntegerField(models.DecimalField):  # type: ignore[type-arg]
    """An exact integer beyond 64 bits, always a Python int: shares, weights, reward indexes, sums of squares."""

    # The types of the attribute for django-stubs.
    _pyi_private_set_type: int | Combinable
    _pyi_private_get_type: int  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 78
        kwargs["decimal_places"] = 0
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> int | None:
        return None if value is None else int(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return None if value is None else int(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "as_sql"):
            return value
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else int(value)
