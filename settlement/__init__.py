"""The settlement of an epoch: `epoch.py` lists the steps in their order, one module holds each step."""

from settlement.epoch import settle_due, settle_epoch
from settlement.epoch_lifecycle import Halted, NotDue

__all__ = ["Halted", "NotDue", "settle_due", "settle_epoch"]
