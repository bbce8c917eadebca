"""Parameter versions: what the DAO decided, in force from the opening of an epoch (section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocol.parameters import apply_changes, from_json
from staking.models import ParameterSet
from staking.services.epochs import parameters_in, store_parameters


def schedule(*, changes: Mapping[str, Any], from_epoch: int, proposal: int, now: datetime) -> ParameterSet:
    """Put changes on top of what will be in force in `from_epoch` and keep it as a new version.

    Called inside a settlement, by proposal id, each on the result of the former (S 6).
    Raises: `parameter_out_of_bounds`; nothing is kept then.
    """
    params = apply_changes(from_json(parameters_in(from_epoch).values), changes)
    newest = ParameterSet.objects.latest("version").version
    return store_parameters(
        version=newest + 1, params=params, from_epoch=from_epoch, proposal=proposal, now=now
    )
