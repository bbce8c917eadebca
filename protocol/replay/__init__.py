"""Recompute a settled epoch from its published inputs, without the service and its database (R53)."""

from protocol.replay.comparison import Difference, compare
from protocol.replay.inputs import EpochInputs, InputsInvalid, parse
from protocol.replay.receipts import Recount, recount
from protocol.replay.report import check_contract, check_rewards, check_root, read_report
from protocol.replay.settlement import Result, settle

__all__ = [
    "Difference",
    "EpochInputs",
    "InputsInvalid",
    "Recount",
    "Result",
    "check_contract",
    "check_rewards",
    "check_root",
    "compare",
    "parse",
    "read_report",
    "recount",
    "settle",
]
