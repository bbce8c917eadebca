"""What each step of a settlement does, and what it did: the list on the page of an epoch (S)."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from staking.models import Epoch
from staking.pages.epoch_view_models import Step
from web.formatting import amount_digits, grouped_int, short_digits


class StepText(NamedTuple):
    """Titles of a step before and after it ran, and its `effect`, shown before it ran; `name`: its function."""

    name: str
    planned: Promise
    done: Promise
    effect: Promise | str = ""


# Every step of settlement.epoch.EPOCH_STEPS in its order, without the two that lock the epoch and read the nodes.
STEPS = (
    StepText(
        "measure_performance", gettext_lazy("Performance is measured"), gettext_lazy("Performance measured"),
        gettext_lazy("good jobs, latency and uptime of every node"),
    ),
    StepText(
        "distribute_rewards", gettext_lazy("The pool is shared by weight"), gettext_lazy("Weights and rewards"),
        gettext_lazy("emission, job fees and carry"),
    ),
    StepText(
        "detect_offences", gettext_lazy("Offences of the epoch are detected"), gettext_lazy("Offences detected")
    ),
    StepText(
        "refund_pending_delegations", gettext_lazy("Delegations of the epoch to offending nodes are refunded"),
        gettext_lazy("Delegations of the epoch to offending nodes refunded"),
    ),
    StepText(
        "create_slashes", gettext_lazy("Offences of the epoch become slashes"), gettext_lazy("Slashes created"),
        gettext_lazy("from then on they may be disputed"),
    ),
    StepText(
        "count_dispute_votes", gettext_lazy("Votes on disputes are counted"),
        gettext_lazy("Votes on disputes counted"), gettext_lazy("those that end with the epoch"),
    ),
    StepText(
        "execute_slashes", gettext_lazy("Due slashes are executed"), gettext_lazy("Slashes executed"),
        gettext_lazy("burned, distributed and returned"),
    ),
    StepText(
        "close_proposals", gettext_lazy("Votes on proposals are counted, due proposals are executed"),
        gettext_lazy("Votes on proposals counted, due proposals executed"),
    ),
    StepText(
        "execute_redelegations", gettext_lazy("Redelegations are executed"), gettext_lazy("Redelegations executed")
    ),
    StepText(
        "update_reputation", gettext_lazy("Reputation and penalties change"),
        gettext_lazy("Reputation and penalties"),
    ),
    StepText("execute_exits", gettext_lazy("Exits are executed"), gettext_lazy("Exits executed")),
    StepText(
        "write_report", gettext_lazy("The report and its Merkle root are published"),
        gettext_lazy("Report and Merkle root"),
    ),
    StepText(
        "open_next_epoch", gettext_lazy("Epoch %d opens"), gettext_lazy("Epoch %d opened"),
        gettext_lazy("pending stake becomes active"),
    ),
)  # fmt: skip


def planned_steps(epoch: Epoch) -> list[Step]:
    """The steps that will settle an open epoch, in their order."""
    return [Step(_title(step.planned, epoch), str(step.effect)) for step in STEPS]


def executed_steps(epoch: Epoch) -> list[Step]:
    """The steps that settled an epoch, in their order, with their figures."""
    figures = _figures(epoch)
    return [Step(_title(step.done, epoch), figures.get(step.name, "")) for step in STEPS]


def _title(title: Promise, epoch: Epoch) -> str:
    return str(title).replace("%d", str(epoch.number + 1))


def _figures(epoch: Epoch) -> dict[str, str]:
    totals = epoch.totals
    nodes, created = totals.get("nodes", 0), totals.get("slashes_created", 0)
    counted_nodes = ngettext("%s node", "%s nodes", nodes) % grouped_int(nodes)
    return {
        "measure_performance": counted_nodes,
        "distribute_rewards": gettext("%s IFM") % amount_digits(epoch.distributed or 0, 6),
        "detect_offences": grouped_int(created),
        "create_slashes": grouped_int(created),
        "execute_slashes": _executed(totals.get("slashes_executed", 0), epoch.slashed or 0),
        "update_reputation": counted_nodes,
        "write_report": ngettext("%s reward leaf", "%s reward leaves", nodes) % grouped_int(nodes),
        "open_next_epoch": gettext("pending stake became active"),
    }


def _executed(slashes: int, amount: int) -> str:
    if not slashes:
        return grouped_int(0)
    return gettext("%(n)s, %(sum)s IFM") % {"n": grouped_int(slashes), "sum": short_digits(amount)}
