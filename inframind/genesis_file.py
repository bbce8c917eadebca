"""The genesis file: which network a production database will hold, its parameters, its start and who owns what.

    {
      "network": "production",
      "chain_id": 4217,
      "start": "2027-01-04T00:00:00Z",
      "parameters": {"emission_per_epoch": "8000", "epoch_seconds": 86400},
      "allocations": [{"wallet": "0x…", "amount": "1000000"}],
      "treasury": "250000"
    }

`parameters` and `treasury` may be left out; all other parameters have their defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from protocol.addresses import checksum, normalize
from protocol.amounts import MAX_AMOUNT, format_amount, parse_amount
from protocol.errors import Invalid, ProtocolError
from protocol.parameters import DEFAULTS, Parameters, apply_changes, to_json

REQUIRED = ("network", "chain_id", "start", "allocations")
OPTIONAL = ("parameters", "treasury")
# Half of what an account can hold, so that emissions can go on.
MAX_ALLOCATED = MAX_AMOUNT // 2


@dataclass(frozen=True, slots=True)
class Genesis:
    """A checked genesis file. Amounts in µIFM; wallets are canonical."""

    chain_id: int
    start: datetime
    params: Parameters
    allocations: dict[str, int]
    treasury: int

    @property
    def total(self) -> int:
        """Everything that is issued at genesis, µIFM."""
        return sum(self.allocations.values()) + self.treasury

    @property
    def digest(self) -> str:
        """SHA-256 of the content in one canonical form, whatever the layout of the file was."""
        content = {
            "chain_id": self.chain_id,
            "start": self.start.isoformat(),
            "parameters": to_json(self.params),
            "allocations": self.allocations,
            "treasury": self.treasury,
        }
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read(text: str) -> Genesis:
    """Parse and check a genesis file.

    Raises: `invalid` for a missing, unknown or doubled name and a wrong value, `address_invalid`, `amount_invalid`,
    `parameter_out_of_bounds`; the sentence names the place.
    """
    content = _object(text)
    if content["network"] != "production":
        raise Invalid('"network" must be "production": a devnet starts by itself.')
    return Genesis(
        chain_id=_chain_id(content["chain_id"]),
        start=_start(content["start"]),
        params=apply_changes(DEFAULTS, _mapping("parameters", content.get("parameters", {}))),
        allocations=_allocations(content["allocations"]),
        treasury=_amount("treasury", content["treasury"]) if "treasury" in content else 0,
    )


def summary(genesis: Genesis) -> str:
    """The content of the file as text, to be confirmed before it is executed."""
    defaults, values = to_json(DEFAULTS), to_json(genesis.params)
    changed = [
        f"  {name}: {values[name]} (default {defaults[name]})"
        for name in values
        if values[name] != defaults[name]
    ]
    lines = [
        "network: production",
        f"chain id: {genesis.chain_id}",
        f"start of epoch 1: {genesis.start:%Y-%m-%d %H:%M:%S} UTC",
        f"parameters that differ from the defaults: {len(changed)}",
        *changed,
        f"allocations: {len(genesis.allocations)}",
        *(
            f"  {checksum(wallet)}  {format_amount(amount)} IFM"
            for wallet, amount in genesis.allocations.items()
        ),
        f"treasury: {format_amount(genesis.treasury)} IFM",
        f"issued in total: {format_amount(genesis.total)} IFM",
        f"digest: {genesis.digest}",
    ]
    return "\n".join(lines)


def _object(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text, object_pairs_hook=_without_repetition)
    except json.JSONDecodeError as error:
        raise Invalid(f"The file is not JSON: {error}.") from error
    content = _mapping("the file", content)
    missing = [name for name in REQUIRED if name not in content]
    unknown = sorted(content.keys() - {*REQUIRED, *OPTIONAL})
    if missing or unknown:
        raise Invalid(
            "; ".join([*(f'"{n}" is missing' for n in missing), *(f'"{n}" is unknown' for n in unknown)])
            + "."
        )
    return dict(content)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(f'"{name}" stands twice in one object.')
    return dict(pairs)


def _mapping(place: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"{place} must be an object.")
    return value


def _chain_id(value: Any) -> int:
    if type(value) is not int or not 1 <= value < 2**63:
        raise Invalid('"chain_id" must be a whole number from 1.')
    return value


def _start(value: Any) -> datetime:
    try:
        start = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Invalid('"start" must be a time such as "2027-01-04T00:00:00Z".') from error
    if start.utcoffset() is None or start.microsecond:
        raise Invalid('"start" must name its time zone (Z) and end with whole seconds.')
    return start


def _allocations(value: Any) -> dict[str, int]:
    if not isinstance(value, list) or not value:
        raise Invalid('"allocations" must be a list of at least one object with "wallet" and "amount".')
    allocations: dict[str, int] = {}
    for number, row in enumerate(value, 1):
        place = f"allocation {number}"
        if not isinstance(row, dict) or set(row) != {"wallet", "amount"}:
            raise Invalid(f'{place} must have "wallet" and "amount", and nothing else.')
        wallet = _wallet(place, row["wallet"])
        if wallet in allocations:
            raise Invalid(f"{place}: {checksum(wallet)} has an allocation already.")
        allocations[wallet] = _amount(place, row["amount"])
    if sum(allocations.values()) > MAX_ALLOCATED:
        raise Invalid(f"At most {format_amount(MAX_ALLOCATED)} IFM can be allocated.")
    return allocations


def _wallet(place: str, value: Any) -> str:
    try:
        return normalize(value if isinstance(value, str) else "")
    except ProtocolError as error:
        raise type(error)(f"{place}: {error.detail}") from error


def _amount(place: str, value: Any) -> int:
    try:
        amount = parse_amount(value if isinstance(value, str) else "")
    except ProtocolError as error:
        raise type(error)(f"{place}: {error.detail}") from error
    if not amount:
        raise Invalid(f"{place}: give an amount above 0.")
    return amount
