"""Evidence of a slash: receipts, signers, epochs around the offence, chart and sentences."""

from __future__ import annotations

import pytest
from django.db import connection

from governance.pages.offence_chart import offence_chart
from governance.pages.offence_texts import facts, rule
from governance.selectors.evidence import epochs_around, former_signing_keys, receipts_of
from staking.models import Slash
from tests.network import Network
from tests.oracle import machines
from tests.owner import as_owner
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def network() -> Network:
    made = Network()
    machines.register(2)
    made.settle()
    return made


def slash_for(network: Network, *receipts: object) -> Slash:
    """Send receipts, settle, and return the slash of machine 0."""
    machines.send(*receipts, at=network.now)
    network.settle()
    return Slash.objects.select_related("node").get(node__address=machines.address(0))


def test_the_signer_of_an_invalid_proof_is_shown(network: Network) -> None:
    stranger = machines.signed("stranger", 0, by=1, at=network.now)
    slash = slash_for(network, stranger, machines.signed("own", 0, at=network.now))
    [shown] = receipts_of(slash, limit=10, offset=0)
    assert (slash.offence, shown.job_id, shown.proof) == ("invalid_proof", "stranger", "invalid")
    assert shown.signer == machines.address(1)
    assert facts(slash).startswith("1 receipt was not signed")


def test_the_keys_that_were_replaced_in_the_epoch_are_shown(network: Network) -> None:
    first, second = machines.address(0), machines.address(7)
    machines.send(machines.signed("first", 0, at=network.now), at=network.now)
    network.change(first, signing_key=second)
    slash = slash_for(network, machines.signed("former key", 0, at=network.now))
    assert slash.offence == "invalid_proof"
    network.change(first, signing_key=machines.address(8))
    assert former_signing_keys(slash) == [first]


def test_both_traces_of_a_forged_trace_are_shown(network: Network) -> None:
    forged = machines.signed("forged", 0, at=network.now, trace_root="0x" + "11" * 32)
    forged["verified_trace_root"] = "0x" + "22" * 32
    slash = slash_for(network, forged)
    [shown] = receipts_of(slash, limit=10, offset=0)
    assert (slash.offence, shown.proof) == ("forged_trace", "forged")
    assert (shown.trace_root, shown.verified_trace_root) == ("0x" + "11" * 32, "0x" + "22" * 32)
    assert shown.signer == machines.address(0)


def test_late_jobs_and_the_epochs_of_an_sla_drop_are_shown(network: Network) -> None:
    late = [
        machines.signed(f"late-{n}", 0, at=network.now, latency_ms=9_000, deadline_ms=2_000) for n in range(3)
    ]
    good = [machines.signed(f"good-{n}", 0, at=network.now) for n in range(9)]
    slash = slash_for(network, *late, *good)
    shown = receipts_of(slash, limit=2, offset=0) + receipts_of(slash, limit=2, offset=2)
    assert [one.job_id for one in shown] == ["late-0", "late-1", "late-2"]
    assert all(one.late for one in shown)
    assert facts(slash) == "9 of 12 accepted jobs were good: an SLA of 75.00%, below the threshold of 85%."
    assert "at least 10 jobs" in rule(slash.offence, network.epoch.params)
    rows = epochs_around(slash)
    assert [row.epoch for row in rows] == [1, 2]
    chart = offence_chart(slash, rows)
    assert chart is not None
    assert chart.views[0].table.rows == (("1", "–"), ("2", "75.00%"))


def test_dropped_receipts_are_not_listed(network: Network) -> None:
    slash = slash_for(network, machines.signed("gone", 0, at=network.now, outcome="dropped"))
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE staking_receipt_e{slash.epoch}")
    assert slash.evidence == ["gone"]
    assert receipts_of(slash, limit=10, offset=0) == []


def test_hardware_has_no_chart(network: Network) -> None:
    network.change(machines.address(0), hardware={"gpus": 4})
    network.fake(machines.address(0))
    network.settle()
    slash = Slash.objects.select_related("node").get()
    assert offence_chart(slash, epochs_around(slash)) is None
    assert facts(slash) == "The oracle measured less than the node declares: gpus."
