"""The demo network: made by acting in it, the same every time, with something to see on every page."""

from __future__ import annotations

from datetime import UTC, datetime
from statistics import median

import pytest
from django.core.management import CommandError, call_command

from delegation.models import Position
from governance.models import Dispute, Proposal
from inframind.demo import participants, workload
from inframind.supervisor import prepare
from settlement.audit import audit
from staking.models import Epoch, Node, NodeEpoch, Ranking, Slash, Unbonding


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_the_demo_network_is_whole(settings, tmp_path, client):
    settings.DATA_DIR = tmp_path
    assert prepare.demo_is_due()
    prepare.begin_demo()
    epochs: list[int] = []
    prepare.load_demo(epochs.append)
    assert epochs == list(range(1, 61))
    assert not prepare.demo_is_due()

    assert audit(since=0) == []
    assert Epoch.objects.filter(status="settled").count() == 60
    assert Node.objects.count() == participants.NODES
    assert Position.objects.values("wallet").distinct().count() == participants.WALLETS
    assert NodeEpoch.objects.filter(epoch=60, reward__gt=0).count() > 100
    assert {"pending", "disputed", "executed", "overturned"} <= set(
        Slash.objects.values_list("status", flat=True)
    )
    assert {"voting", "upheld", "overturned"} == set(Dispute.objects.values_list("status", flat=True))
    assert {"voting", "executed"} <= set(Proposal.objects.values_list("status", flat=True))
    assert {"open", "paid"} <= set(Unbonding.objects.values_list("status", flat=True))
    assert Ranking.objects.latest("pk").nodes > 100
    rates = delegators_rates(client)
    assert 800 <= median(rates) <= 2_000
    assert max(rates) <= 6_000

    with pytest.raises(CommandError, match="history already"):
        call_command("demo")


def delegators_rates(client):
    """The estimated APR of every node that has one, in bps."""
    nodes = client.get("/api/v1/nodes?limit=200").json()["results"]
    rates = [node["estimated_apr_bps"] for node in nodes if node["estimated_apr_bps"]]
    assert len(rates) > 90
    return rates


def test_the_oracle_sends_the_same_every_time():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    sent = workload.receipts(31337, 5, start, 86_400, (0, 1, 2))
    assert sent == workload.receipts(31337, 5, start, 86_400, (0, 1, 2))
    assert len({receipt["job_id"] for receipt in sent}) == len(sent) == 3 * workload.JOBS
