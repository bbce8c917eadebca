"""A network in which every kind of thing exists, for tests that visit every endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from delegation.services.positions import undelegate
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from ledger.journal import movements
from protocol.amounts import MICRO
from staking.models import Unbonding
from staking.services.rankings import rank
from tests.callers import anna, api, signed_in, token, toys  # noqa: F401
from tests.governance import scenario
from tests.shared_rows import shared


@shared
def every_kind() -> dict[str, Any]:
    """A network in which every kind of thing exists; the words that stand for them in addresses."""
    scenario.begin()
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="Ours was fine", actor=scenario.OLGA, now=scenario.now())
    proposal = propose(
        title="Less", body="", changes={"quorum_bps": 500}, wallet=scenario.NILS, now=scenario.now()
    )
    undelegate(node=scenario.HONEST, amount=50 * MICRO, wallet=scenario.ANN, now=scenario.now())
    scenario.commit_offence(scenario.HONEST)
    scenario.advance_clock()
    ranking = rank(now=scenario.now())
    return {
        "address": scenario.HONEST, "slash": slash.pk, "dispute": dispute.pk, "proposal": proposal.pk, "number": 1,
        "unbonding": Unbonding.objects.get().pk, "name": "reward_pool", "ranking": ranking.pk,
        "transaction": movements(limit=1)[0].id,
    }  # fmt: skip


@pytest.fixture
def case(every_kind: dict[str, Any], settings: Any) -> dict[str, Any]:
    """As `every_kind`, without limits of requests."""
    settings.INFRAMIND_RATE_LIMITS = False
    return every_kind
