"""Alarms: conditions of the network, each with the sentence that says what is wrong.

None of them stops the site from serving, so readiness does not depend on them. They are listed by `/readyz`, exposed
as metrics, and sent to ADMINS and staff when they begin and when they are over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from chain.configuration import chain_configuration
from chain.problems import action, halts, sentence
from inframind.network_state import NetworkState
from postgres import clock

OVERDUE = timedelta(seconds=180)
HELD = timedelta(hours=1)
NOTIFICATIONS = timedelta(minutes=10)
# A problem of the chain that may end by itself raises an alarm when it lasts so long.
CHAIN_TROUBLE = timedelta(hours=1)
# This site only reads the chain.
CHAIN_BY_CHOICE = ("no_key",)
PULSE_SECONDS = 60
FAULTS_SHOWN = 3


def settlement_halted(state: NetworkState) -> str | None:
    """The audit halted settlement."""
    if not state.halted:
        return None
    shown = "; ".join(state.halted[:FAULTS_SHOWN])
    return f"settlement is halted: the audit found {len(state.halted)} faults ({shown})"


def settlement_overdue(state: NetworkState) -> str | None:
    """Settlement is late: no worker, one that fails, or a halt. An epoch that is held is not overdue."""
    if state.overdue <= OVERDUE or state.held_at:
        return None
    return f"epoch {state.epoch} is overdue by {int(state.overdue.total_seconds())} s"


def hold(state: NetworkState) -> str | None:
    """Settlement, ranking and payments have been held for long."""
    if state.held_at and state.at - state.held_at > HELD:
        return f"held since {state.held_at:%Y-%m-%d %H:%M} UTC ({state.held_reason}): release it"
    return None


def epoch_start(state: NetworkState) -> str | None:
    """The open epoch begins in the future: a clock was wrong when the last one was settled, or it is wrong now.

    Epoch 1 may begin later than genesis.
    """
    if state.epoch and state.epoch > 1 and state.starts_in > timedelta(0):
        return f"epoch {state.epoch} starts {int(state.starts_in.total_seconds())} s in the future"
    return None


def notifications(state: NetworkState) -> str | None:
    """Notifications are waiting for long."""
    if state.notification_age > NOTIFICATIONS:
        return f"the oldest notification has been waiting for {int(state.notification_age.total_seconds())} s"
    return None


def chain(state: NetworkState) -> str | None:
    """Epochs are not anchored, and a person has to act or it has lasted for long (R52). Settlement goes on."""
    fault = _chain_fault(state, state.chain_problem, state.chain_problem_data, state.chain_problem_since)
    return fault and f"{fault} Settlement goes on; {state.epochs_to_anchor} epochs wait"


def deposits(state: NetworkState) -> str | None:
    """Deposits from the chain are not credited, and a person has to act or it has lasted for long (R54)."""
    fault = _chain_fault(
        state, state.deposits_problem, state.deposits_problem_data, state.deposits_problem_since
    )
    return fault and f"{fault} No deposit is credited meanwhile"


def _chain_fault(
    state: NetworkState, code: str | None, data: dict[str, Any] | None, since: datetime | None
) -> str | None:
    if not code or since is None or code in CHAIN_BY_CHOICE or chain_configuration() is None:
        return None
    if not halts(code) and state.at - since < CHAIN_TROUBLE:
        return None
    return f"{sentence(code, data or {})} {action(code, data or {})}"


def clock_skew(state: NetworkState) -> str | None:
    """This machine's clock differs too much from the database's."""
    if abs(state.skew) > clock.LIMIT:
        return f"the clock of this machine is {state.skew.total_seconds():+.1f} s off the database's"
    return None


def pulse(seen: float | None) -> str | None:
    """Beat or the worker of the pulse does not run. `seen`: when the last pulse was recorded, unix time."""
    if seen is None:
        return "beat and worker have not been seen yet"
    age = int(time.time() - seen)
    return f"beat and worker were last seen {age} s ago" if age > PULSE_SECONDS else None


# Each with the heading of docs/operations.md that says what to do.
RUNBOOKS: dict[Callable[[NetworkState], str | None], str] = {
    settlement_halted: "settlement-halted",
    settlement_overdue: "settlement-overdue",
    hold: "restore",
    epoch_start: "clock-jump",
    notifications: "notifications-wait",
    chain: "chain",
    deposits: "deposits",
}
CONDITIONS = tuple(RUNBOOKS)


def runbook(name: str) -> str:
    """The anchor in docs/operations.md of what to do about a condition."""
    return next(anchor for check, anchor in RUNBOOKS.items() if check.__name__ == name)


def active(state: NetworkState) -> dict[str, str]:
    """The conditions of the network that hold now, by name."""
    return {check.__name__: fault for check in CONDITIONS if (fault := check(state))}
