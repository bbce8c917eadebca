"""Schedule a version of the parameters, in force from the opening of an epoch (section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocol.parameters import apply_changes, from_json
from staking.models import ParameterSet
from staking.services.epochs import parameters_in, store_parameters


def schedule(*, changes: Mapping[str, Any], from_epoch: int, proposal: int, now: datetime) -> ParameterSet:
    """Apply changes to the parameters that will be in force in `from_epoch`, and save the new version.

    A settlement calls this in the order of the proposals' ids, so that each changes the result of the one before (S).
    Raises: `parameter_out_of_bounds`; nothing is saved then.
    """
    params = apply_changes(from_json(parameters_in(from_epoch).values), changes)
    newest = ParameterSet.objects.latest("version").version
    return store_parameters(
        version=newest + 1, params=params, from_epoch=from_epoch, proposal=proposal, now=now
    )
