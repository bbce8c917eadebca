"""The lists of an epoch row's columns agree with the model, so that a new column is noticed in each."""

from __future__ import annotations

from dataclasses import fields

from delegation.selectors import what_if
from postgres.model_rows import columns
from staking.api.epoch_schemas import EpochNode
from staking.incidents import EpochRecord
from staking.models import NodeEpoch
from staking.selectors import node_incidents, replay

COLUMNS = set(columns(NodeEpoch))
# What the API shows of a row, by its name there.
SHOWN = {
    name: field.source or name for name, field in EpochNode().fields.items() if name not in ("node", "epoch")
}
# Accumulators and inputs of later settlements, and figures that the published inputs and receipts give.
NOT_SHOWN = {
    "dropped", "mismatched", "invalid", "forged", "slots_heard", "slots_counted", "last_receipt_epoch",
    "latency_count", "latency_sum", "latency_squares", "window_epoch", "window_after", "active_shares",
    "honest_operator", "operator_earned", "reward_index", "index_carry", "generation", "pool_shares", "late_stake",
    "late_pool",
}  # fmt: skip


def test_each_column_is_shown_by_the_api_or_left_out_on_purpose() -> None:
    assert set(SHOWN.values()) | NOT_SHOWN == COLUMNS - {"epoch", "node_id"}
    assert set(SHOWN.values()) & NOT_SHOWN == set()


def test_a_replay_compares_each_column_that_the_api_shows() -> None:
    assert {**dict.fromkeys(replay._SAME), **replay._RENAMED}.keys() == SHOWN.keys()
    assert {name: replay._RENAMED.get(name, name) for name in SHOWN} == SHOWN


def test_incidents_read_the_columns_of_their_record() -> None:
    assert set(node_incidents.RECORDED) <= COLUMNS
    assert {field.name for field in fields(EpochRecord)} - set(node_incidents.RECORDED) == {
        "place", "ranked", "own_slashed", "pool_slashed",
    }  # fmt: skip


def test_the_replay_of_a_delegation_reads_columns_of_the_row() -> None:
    assert {*what_if.FIELDS, *what_if.ENTRY_FIELDS} <= COLUMNS
