"""The settlement of an epoch: `epoch.py` lists the steps in their order, each other module holds one or a few."""

from settlement.epoch import settle_due, settle_epoch
from settlement.epoch_lifecycle import AlreadySettled, Halted, NotDue

__all__ = ["AlreadySettled", "Halted", "NotDue", "settle_due", "settle_epoch"]
