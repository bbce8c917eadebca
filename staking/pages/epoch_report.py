"""The parts of an epoch's page, from its rows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from chain.selectors import OFF, EpochAnchor, anchor_of
from protocol.amounts import MICRO, parse_amount
from protocol.bounds import AMOUNTS
from staking.charts.epoch import pool_by_tier
from staking.models import Epoch, ParameterSet, Slash
from staking.pages.epoch_steps import executed_steps, planned_steps
from staking.pages.epoch_view_models import (
    EpochNodeRow,
    EpochPage,
    EpochParameters,
    EpochRow,
    EpochSlashRow,
    EpochStatus,
    ParameterChange,
    Settlement,
    SlashStatus,
)
from staking.selectors import epoch_report as report
from staking.services.epochs import parameters_of
from web.formatting import UNIT, amount_digits, percent
from web.links import link
from web.listing import Pager, Sort

PPM = 1_000_000
EPOCH_STATUS: dict[str, EpochStatus] = {"open": "open", "settling": "settling", "settled": "settled"}
SLASH_STATUS: dict[str, SlashStatus] = {
    "pending": "pending", "disputed": "disputed", "executed": "executed", "overturned": "overturned",
}  # fmt: skip


def list_row(epoch: Epoch, anchor: EpochAnchor = OFF) -> EpochRow:
    """An epoch as a line of the list; its amounts are unknown until it is settled."""
    settled = epoch.status == Epoch.Status.SETTLED
    totals = epoch.totals if settled else {}
    return EpochRow(
        number=epoch.number, start=epoch.start, end=epoch.end, status=EPOCH_STATUS[epoch.status],
        parameters_version=epoch.parameters_id, nodes=totals.get("rewarded"), pool=epoch.pool,
        operators=totals.get("operator_reward"), delegators=totals.get("delegators_reward"),
        distributed=epoch.distributed, carry=epoch.carry, burned=epoch.burned, merkle_root=epoch.merkle_root,
        anchor=anchor,
    )  # fmt: skip


def page_of(
    epoch: Epoch, *, rows: list[dict[str, Any]], pager: Pager, sort: Sort, search: str, newest: int
) -> EpochPage:
    """The whole page: a report when the epoch is settled, else the figures so far."""
    settled = epoch.status == Epoch.Status.SETTLED
    accepted, at_work = (None, None) if settled else report.so_far(epoch.number)
    slashes = report.slashes(epoch.number) if settled else []
    weights = report.weight_sum(epoch.number) if settled else 0
    return EpochPage(
        number=epoch.number, start=epoch.start, end=epoch.end, status=EPOCH_STATUS[epoch.status],
        parameters=_parameters(epoch.parameters), settlement=_settlement(epoch) if settled else None,
        previous=epoch.number - 1 or None, next=epoch.number + 1 if epoch.number < newest else None,
        so_far_accepted=accepted, so_far_nodes=at_work,
        rows=tuple(_node_row(row, weights) for row in rows), pager=pager, sort=sort, search=search,
        slashes=tuple(_slash_row(slash, epoch.number) for slash in slashes),
        steps=tuple(executed_steps(epoch) if settled else planned_steps(epoch)),
        chart=pool_by_tier(report.tier_parts(epoch.number)) if settled else None,
    )  # fmt: skip


def _settlement(epoch: Epoch) -> Settlement:
    totals = epoch.totals
    # What was in the pool beyond the former carry was paid in as fees.
    former = report.former_carry(epoch.number)
    assert epoch.settled_at is not None
    return Settlement(
        settled_at=epoch.settled_at, took_ms=totals.get("took_ms"), carry_in=former,
        fees=(epoch.carry_in or 0) - former, minted=epoch.minted or 0, pool=epoch.pool or 0,
        operators=totals.get("operator_reward", 0), delegators=totals.get("delegators_reward", 0),
        carry=epoch.carry or 0, burned=epoch.burned or 0, honest=epoch.honest or 0, returned=epoch.returned or 0,
        rewarded=totals.get("rewarded", 0), leaves=totals.get("nodes", 0) + report.slash_leaves(epoch.number),
        merkle_root=epoch.merkle_root, journal_last=epoch.journal_last or 0, journal_hash=epoch.journal_hash,
        plan_hash=epoch.plan_hash, anchor=anchor_of(epoch.number),
    )  # fmt: skip


def _node_row(row: dict[str, Any], weights: int) -> EpochNodeRow:
    return EpochNodeRow(
        address=row["node__address"], name=row["node__name"], credits=int(row["credits"]),
        bonus_bps=row["bonus_bps"], q_bps=row["q_bps"],
        weight_ppm=int(row["weight"]) * PPM // weights if weights else 0, reward=row["reward"],
        operator=row["operator_reward"], delegators=row["delegators_reward"], honest=row["honest_reward"],
    )  # fmt: skip


def _slash_row(slash: Slash, number: int) -> EpochSlashRow:
    """As the epoch left it: executed amounts are shown in the report of the epoch that executed it."""
    here = slash.resolved_epoch == number
    done = here and slash.status == Slash.Status.EXECUTED
    status = SLASH_STATUS[slash.status if here or slash.status in Slash.UNRESOLVED else "pending"]
    return EpochSlashRow(
        node=slash.node.address, name=slash.node.name, offence=slash.offence, epoch=slash.epoch, status=status,
        self_bps=slash.self_bps, delegated_bps=slash.delegated_bps, custodial=slash.node.custodial, ban=slash.ban,
        slashed=slash.slashed if done else None, burned=slash.burned if done else None,
        honest=slash.honest if done else None, returned=slash.returned if done else None,
        href=link("slash", slash.pk),
    )  # fmt: skip


def _parameters(version: ParameterSet) -> EpochParameters:
    params = parameters_of(version.digest)
    former = report.former_parameters(version.version)
    old = former.values if former else version.values
    names = [name for name in version.values if version.values[name] != old.get(name)]
    return EpochParameters(
        version=version.version, from_epoch=version.from_epoch, emission=params.emission_per_epoch,
        slash_split_bps=(params.slash_burn_bps, params.slash_honest_bps, params.slash_delegators_bps),
        dispute_windows=(params.dispute_filing_epochs, params.dispute_voting_epochs),
        changes=tuple(_change(name, old.get(name), version.values[name]) for name in names),
    )  # fmt: skip


def _change(name: str, old: Any, new: Any) -> ParameterChange:
    """Return a changed parameter; of a changed table only its name: the page of parameters shows the rows."""
    if isinstance(new, list):
        return ParameterChange(name, gettext("former table"), gettext("new table"))
    return ParameterChange(name, _read(name, old), _read(name, new))


def _read(name: str, value: Any) -> str:
    if name in AMOUNTS:
        amount = parse_amount(str(value))
        return f"{amount_digits(amount, 0 if amount % MICRO == 0 else None)} {UNIT}"
    return percent(value) if name.endswith("_bps") else str(value)
