"""A published report, as the API shows it, in the form that `settle` computes (R51, R53)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from protocol.amounts import parse_amount
from protocol.errors import ProtocolError
from protocol.replay.comparison import Difference, compare
from protocol.replay.fields import ROW, wrong_field
from protocol.replay.inputs import EpochInputs, InputsInvalid, applied_rules
from protocol.replay.settlement import Result, root_of_rows, settle

_AMOUNTS: Final = frozenset(
    {
        "reward", "operator_reward", "delegators_reward", "honest_reward", "slashed", "active_stake",
        "active_delegated", "self_stake", "delegated", "carry_in", "minted", "pool", "distributed", "carry",
        "burned", "honest", "returned", "pool_tokens", "late",
    }
)  # fmt: skip
# Figures of an epoch in its report, besides its totals.
FIGURES: Final = (
    "carry_in", "minted", "pool", "distributed", "carry", "slashed", "burned", "honest", "returned",
    "merkle_root",
)  # fmt: skip


def read_report(epoch: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> Result:
    """The report of an epoch from `GET epochs/N` and all rows of `GET epochs/N/nodes`. Raises InputsInvalid."""
    try:
        read = [_read_row(row) for row in rows]
        if len(dict(read)) < len(read):
            raise InputsInvalid("The report of the epoch has two rows of one node.")
        return Result(
            rows=dict(read),
            figures=_read({name: epoch[name] for name in FIGURES}),
            totals=_read(epoch["totals"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, ProtocolError) as error:
        raise InputsInvalid(f"The report of the epoch cannot be read: {error!r}") from None


def check_root(report: Result, inputs: EpochInputs) -> list[Difference]:
    """The root of the published rows against the published root."""
    with applied_rules(inputs):
        computed = {_epoch(inputs): {"merkle_root": root_of_rows(report.rows, inputs)}}
    return compare({_epoch(inputs): report.figures}, computed)


def check_rewards(report: Result, inputs: EpochInputs) -> list[Difference]:
    """Compare every figure of the report with the recomputed one."""
    with applied_rules(inputs):
        computed = settle(inputs)
    return compare(_by_row(report, inputs), _by_row(computed, inputs))


def check_contract(
    report: Result, inputs: EpochInputs, root: str, slashes: Mapping[str, int]
) -> list[Difference]:
    """Compare root and slashes (µIFM by address) of the settlement contract with those of the report's rows (R52)."""
    with applied_rules(inputs):
        computed = {"contract": {"merkle_root": root_of_rows(report.rows, inputs)}}
    here = {address: row["slashed"] for address, row in report.rows.items() if row["slashed"]}
    return compare(
        {"contract": {"merkle_root": root}, **_slash_rows(slashes)}, {**computed, **_slash_rows(here)}
    )


def _slash_rows(slashes: Mapping[str, int]) -> dict[str, dict[str, int]]:
    return {f"contract, slash of {address}": {"amount": amount} for address, amount in slashes.items()}


def _by_row(report: Result, inputs: EpochInputs) -> dict[str, Mapping[str, Any]]:
    return {_epoch(inputs): report.figures, "totals": report.totals, **report.rows}


def _epoch(inputs: EpochInputs) -> str:
    return f"epoch {inputs.epoch}"


def _read_row(row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    address, figures = row["node"].lower(), _read(row)
    wrong = wrong_field({**figures, "node": address}, ROW)
    if wrong is not None:
        raise InputsInvalid(f"A row of the report: {wrong} is missing or has a value that it cannot have.")
    return address, figures


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if name in _AMOUNTS and isinstance(value, str):
        return parse_amount(value)
    return int(value) if name == "weight" else value
