"""Incidents of a node, from what the epochs recorded of it."""

from __future__ import annotations

from dataclasses import replace

from staking.incidents import Cause, EpochRecord, Incident, Place, StakeFlow, incidents_of, stake_flow

GOOD = EpochRecord(
    epoch=1, status="active", accepted=100, good=100, dropped=0, mismatched=0, invalid=0, forged=0, sla_bps=10_000,
    uptime_bps=10_000, degraded=False, q_bps=12_000, q_latency=800, q_uptime=1_000, q_stake=200, q_scarcity=0,
    q_sla=10_000, share_bps=8_000, self_stake=1_000, pool_tokens=500, place=Place(2, 100, 12_000, 12_000, 0, False),
)  # fmt: skip


def after(**changes: object) -> list[Incident]:
    return incidents_of([GOOD, replace(GOOD, epoch=2, **changes)])  # type: ignore[arg-type]


def test_nothing_changed_is_no_incident() -> None:
    assert after() == []


def test_a_fall_below_the_limit_is_no_incident() -> None:
    assert after(sla_bps=9_901, good=99, dropped=1) == []
    assert after(uptime_bps=9_901) == []
    assert after(q_bps=11_701) == []


def test_a_fall_of_the_sla_names_each_kind_of_failure_by_number() -> None:
    incident = Incident(2, "sla", 10_000, 9_000, (Cause("late", 5), Cause("dropped", 3), Cause("invalid", 2)))
    assert after(sla_bps=9_000, good=90, dropped=3, invalid=2) == [incident]


def test_an_epoch_without_jobs_is_skipped_when_the_sla_is_compared() -> None:
    idle = replace(GOOD, epoch=2, accepted=0, good=0, sla_bps=None)
    bad = replace(GOOD, epoch=3, good=90, dropped=10, sla_bps=9_000)
    assert [one.before for one in incidents_of([GOOD, idle, bad])] == [10_000]


def test_a_fall_of_q_names_the_two_terms_that_fell_most() -> None:
    (incident,) = after(q_bps=11_000, q_latency=100, q_uptime=800, q_stake=100)
    assert incident.causes == (Cause("latency", 700), Cause("uptime", 200))


def test_a_node_that_became_degraded_says_so_first() -> None:
    (incident,) = after(q_bps=10_000, degraded=True, q_latency=0)
    assert incident.causes == (Cause("degraded"), Cause("latency", 800))


def test_a_rank_falls_by_at_least_one_place_in_twenty() -> None:
    assert after(place=Place(6, 100, 11_000, 11_000, 0, False)) == []
    (incident,) = after(place=Place(7, 100, 11_000, 11_500, 500, False))
    assert incident == Incident(
        2, "rank", 2, 7, (Cause("score", 1_000), Cause("q", 500), Cause("penalty", 500))
    )


def test_a_rank_that_others_took_says_so() -> None:
    (incident,) = after(place=Place(30, 100, 12_000, 12_000, 0, False))
    assert incident.causes == (Cause("others"),)


def test_a_node_that_left_the_ranking_names_its_status() -> None:
    assert after(place=None, status="banned") == [Incident(2, "rank", 2, None, (Cause("banned"),))]


def test_an_epoch_without_a_ranking_says_nothing_about_the_rank() -> None:
    unranked = replace(GOOD, epoch=2, place=None, ranked=False)
    assert incidents_of([GOOD, unranked]) == []
    fallen = replace(GOOD, epoch=3, place=Place(30, 100, 12_000, 12_000, 0, False))
    (incident,) = incidents_of([GOOD, unranked, fallen])
    assert incident == Incident(3, "rank", 2, 30, (Cause("others"),))


def test_stake_flows_and_slashes_add_up_to_the_change_of_stake() -> None:
    new = replace(GOOD, epoch=2, self_stake=880, pool_tokens=700, own_slashed=100, pool_slashed=50)
    assert stake_flow(GOOD, new) == StakeFlow(own=-20, delegated=250)
    assert stake_flow(None, GOOD) == StakeFlow(own=1_000, delegated=500)
