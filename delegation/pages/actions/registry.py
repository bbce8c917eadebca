"""All actions by name."""

from __future__ import annotations

from typing import Any

from delegation.pages.actions.base import Action
from delegation.pages.actions.delegating import Delegate, Redelegate, Undelegate
from delegation.pages.actions.exits import Exit
from delegation.pages.actions.rewards import Claim, ClaimAll, Compound, CompoundAll
from delegation.pages.actions.staking import Stake, Unstake
from delegation.pages.actions.unbonding import Cancel, Withdraw

ACTIONS: dict[str, Action[Any]] = {
    action.name: action
    for action in (
        Delegate(), Undelegate(), Redelegate(), Claim(), ClaimAll(), Compound(), CompoundAll(), Stake(), Unstake(),
        Cancel(), Withdraw(), Exit(),
    )
}  # fmt: skip
