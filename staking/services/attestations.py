"""Attestations: a node's hardware as the oracle measured it, beside what its operator declared (section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from staking.models import Attestation
from staking.protocol.errors import Invalid
from staking.protocol.offences import hardware_shortfalls
from staking.services import nodes
from staking.services.epochs import lock_open_epoch

MOST_VALUES, LONGEST = 64, 256
# What an integer may be: larger ones are no hardware, and every reader of JSON can hold these.
LARGEST = 2**63 - 1


def attest(*, node: str, measured: Mapping[str, object], now: datetime) -> Attestation:
    """Record what was measured of a node; integer fields below the declared ones make `fake_resources`.

    Found in the settlement of the open epoch. Raises: `not_found`, `invalid`.
    """
    _check(measured)
    with transaction.atomic():
        epoch = lock_open_epoch()
        found = nodes.lock(node)
        return Attestation.objects.create(
            node=found,
            epoch=epoch.number,
            at=now,
            declared=found.hardware,
            measured=dict(measured),
            shortfalls=hardware_shortfalls(found.hardware, measured),
        )


def _check(measured: Mapping[str, object]) -> None:
    if len(measured) > MOST_VALUES:
        raise Invalid(f"Give at most {MOST_VALUES} measured values.", field="measured")
    for name, value in measured.items():
        if not _is_text(name) or not _is_plain(value):
            raise Invalid(
                f"Give each measured value a name, and as a text of at most {LONGEST} characters, a number or a "
                "boolean.",
                field="measured",
            )


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return value == "" or _is_text(value)
    if isinstance(value, int):
        return -LARGEST <= value <= LARGEST
    # NaN is unequal to itself, infinities to their negated sums.
    return isinstance(value, float) and value - value == 0


def _is_text(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or "\0" in value:
        return False
    return not any("\ud800" <= sign <= "\udfff" for sign in value)
