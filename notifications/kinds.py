"""The kinds of notifications: whom each concerns, and its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext, gettext_lazy

from protocol.errors import ERRORS
from web.formatting import amount_digits, percent, short_digits
from web.templatetags.components import OFFENCES

Concerns = Literal["wallet", "node", "all"]
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event that is notified. `concerns`: one wallet, the node's operator and delegators, or everybody."""

    name: str
    concerns: Concerns
    tone: str
    icon: str
    label: Any
    words: Callable[[str, Data], str]
    place: Literal["node", "slash", "dispute", "proposal", "portfolio", "admin", "order"]
    for_staff: bool = False


def _offence(data: Data) -> str:
    return str(OFFENCES.get(data.get("offence", ""), data.get("offence", "")))


def _ifm(data: Data, name: str) -> str:
    return f"{short_digits(int(data.get(name, 0)))} IFM"


def _exact_ifm(data: Data, name: str) -> str:
    """To the µIFM: two decimals would make a loss smaller than it is."""
    return f"{amount_digits(int(data.get(name, 0)))} IFM"


def _slash_pending(node: str, data: Data) -> str:
    return gettext("%(offence)s on %(node)s: a slash is pending. Its operator may dispute it.") % {
        "offence": _offence(data), "node": node,
    }  # fmt: skip


def _slash_executed(node: str, data: Data) -> str:
    text = gettext("%(offence)s on %(node)s: the slash was executed and took %(amount)s.") % {
        "offence": _offence(data), "node": node, "amount": _exact_ifm(data, "slashed"),
    }  # fmt: skip
    if data.get("own_taken"):
        own = gettext("You lost %(net)s: %(taken)s were taken from your stake and %(returned)s returned to it.") % {
            "net": _exact_ifm(data, "own_net"), "taken": _exact_ifm(data, "own_taken"),
            "returned": _exact_ifm(data, "own_returned"),
        }  # fmt: skip
        text = f"{text} {own}"
    return f"{text} {_anchored(data['anchor'])}" if "anchor" in data else text


def _anchored(anchor: Data) -> str:
    """The sentence about the anchor of an executed slash's epoch (R52)."""
    if anchor["transaction"] is None:
        return str(_ANCHORS[anchor["state"]])
    return str(_ANCHORS_IN[anchor["state"]]) % {"transaction": anchor["transaction"]}


_ANCHORS = {
    "waiting": gettext_lazy("Its epoch waits to be anchored on the chain."),
    "submitted": gettext_lazy("Its epoch was sent to the chain."),
    "mined": gettext_lazy("Its epoch is on the chain, not final yet."),
    "final": gettext_lazy("Its epoch is final on the chain."),
}
_ANCHORS_IN = {
    "submitted": gettext_lazy("Its epoch was sent to the chain in transaction %(transaction)s."),
    "mined": gettext_lazy("Its epoch is on the chain in transaction %(transaction)s, not final yet."),
    "final": gettext_lazy("Its epoch is final on the chain in transaction %(transaction)s."),
}


def _slash_overturned(node: str, data: Data) -> str:
    return gettext("A slash of %(node)s was overturned: nothing is taken.") % {"node": node}


def _cooldown(node: str, data: Data) -> str:
    return gettext("%(node)s is in cooldown until the end of epoch %(until)s: no jobs, no delegations.") % {
        "node": node, "until": data.get("until", "–"),
    }  # fmt: skip


def _dispute_opened(node: str, data: Data) -> str:
    return gettext("The operator of %(node)s disputes a slash. The vote runs to the end of epoch %(closes)s.") % {
        "node": node, "closes": data.get("closes_epoch", "–"),
    }  # fmt: skip


def _dispute_decided(node: str, data: Data) -> str:
    if data.get("outcome") == "overturned":
        return gettext("The DAO overturned a slash of %(node)s.") % {"node": node}
    return gettext("The DAO upheld a slash of %(node)s.") % {"node": node}


def _vote_closing(node: str, data: Data) -> str:
    subject = data.get("title") or gettext("the case of %(node)s") % {"node": node}
    return gettext("Last epoch to vote on %(subject)s: it closes with epoch %(closes)s.") % {
        "subject": subject, "closes": data.get("closes_epoch", "–"),
    }  # fmt: skip


def _share_cut(node: str, data: Data) -> str:
    return gettext("%(node)s cuts the delegators’ share from %(old)s to %(new)s with the next epoch.") % {
        "node": node, "old": percent(data.get("old_bps")), "new": percent(data.get("new_bps")),
    }  # fmt: skip


def _share_cut_announced(node: str, data: Data) -> str:
    return gettext("%(node)s announces a delegator share of %(new)s from epoch %(n)s on.") % {
        "node": node, "new": percent(data.get("share_bps")), "n": data.get("from_epoch", "–"),
    }  # fmt: skip


def _commitment_withdrawn(node: str, data: Data) -> str:
    return gettext("The operator of %(node)s withdrew a commitment: it ends with the opening of epoch %(n)s.") % {
        "node": node, "n": data.get("ends_epoch", "–"),
    }  # fmt: skip


def _unbonding_paid(node: str, data: Data) -> str:
    return gettext("An unbonding from %(node)s has matured: %(amount)s is available.") % {
        "node": node, "amount": _ifm(data, "amount"),
    }  # fmt: skip


def _refunded(node: str, data: Data) -> str:
    return gettext("%(node)s committed an offence in the epoch you joined: %(amount)s came back to you.") % {
        "node": node, "amount": _ifm(data, "amount"),
    }  # fmt: skip


def _redelegation_cancelled(node: str, data: Data) -> str:
    code = str(data.get("code"))
    if code == "insufficient_balance":
        sentence = gettext("Your redelegation from %(node)s was not executed: nothing was left to move.")
        return sentence % {"node": node}
    error = ERRORS.get(code)
    reason = f" {gettext(error.sentence)}" if error else ""
    sentence = gettext("Your redelegation from %(node)s was not executed: your stake stays there.")
    return sentence % {"node": node} + reason


def _redelegation_executed(node: str, data: Data) -> str:
    return gettext("Your redelegation was executed: %(amount)s moved from %(node)s to %(target)s.") % {
        "amount": _ifm(data, "amount"), "node": node, "target": data.get("to", "–"),
    }  # fmt: skip


def _node_degraded(node: str, data: Data) -> str:
    return gettext("%(node)s is degraded: it was up %(uptime)s of the epoch and rejected %(rejected)s of its jobs.") % {
        "node": node, "uptime": percent(data.get("uptime_bps")), "rejected": percent(data.get("rejection_bps")),
    }  # fmt: skip


def _operator_unbonding(node: str, data: Data) -> str:
    return gettext("The operator of %(node)s unbonds %(amount)s of its own stake; %(left)s stays.") % {
        "node": node, "amount": _ifm(data, "amount"), "left": _ifm(data, "left"),
    }  # fmt: skip


def _deposit_credited(node: str, data: Data) -> str:
    return gettext("Your deposit of %(amount)s is credited and available.") % {"amount": _ifm(data, "amount")}


def _exit_released(node: str, data: Data) -> str:
    return gettext("Your exit of %(amount)s is settled. Its proofs release the tokens on the chain.") % {
        "amount": _ifm(data, "amount"),
    }  # fmt: skip


def _standing_order(node: str, data: Data) -> str:
    values = {"node": node, "limit": _limit(data)}
    return str(_ORDERS.get(str(data.get("condition")), _OTHER_ORDER)) % values


def _limit(data: Data) -> str:
    limit = data.get("threshold")
    return str(limit) if data.get("condition") == "degraded" else percent(limit)


_OTHER_ORDER = gettext_lazy("A condition of your standing orders holds on %(node)s.")
_ORDERS = {
    "share_below": gettext_lazy("Your standing order: the delegator share of %(node)s is below %(limit)s."),
    "degraded": gettext_lazy("Your standing order: %(node)s is degraded, epochs in a row: %(limit)s."),
    "operator_unbonds": gettext_lazy("Your standing order: the operator of %(node)s unbonds own stake."),
    "slashed": gettext_lazy("Your standing order: a slash of %(node)s was created."),
    "cap_reached": gettext_lazy("Your standing order: %(node)s has reached its delegation cap."),
    "apr_below": gettext_lazy("Your standing order: the APR of delegators of %(node)s is below %(limit)s."),
}


def _retired(node: str, data: Data) -> str:
    return gettext("%(node)s was retired by its operator: it takes no more stake.") % {"node": node}


def _service_alarm(node: str, data: Data) -> str:
    return gettext("The service needs attention: %(detail)s.") % {"detail": data.get("detail", "")}


def _proposal(sentence: Any) -> Callable[[str, Data], str]:
    return lambda node, data: str(sentence) % {"title": data.get("title", "")}


CATALOGUE = (
    Kind("slash_pending", "node", "risk", "alert-triangle", gettext_lazy("Slash pending"), _slash_pending, "slash"),
    Kind("slash_executed", "node", "risk", "flame", gettext_lazy("Slash executed"), _slash_executed, "slash"),
    Kind("slash_overturned", "node", "ok", "arrow-back-up", gettext_lazy("Slash overturned"), _slash_overturned,
         "slash"),
    Kind("node_cooldown", "node", "warn", "clock-exclamation", gettext_lazy("Node in cooldown"), _cooldown, "node"),
    Kind("dispute_opened", "node", "warn", "gavel", gettext_lazy("Dispute opened"), _dispute_opened, "dispute"),
    Kind("dispute_decided", "node", "", "scale", gettext_lazy("Dispute decided"), _dispute_decided, "dispute"),
    Kind("vote_closing", "all", "warn", "hourglass", gettext_lazy("Vote closing"), _vote_closing, "dispute"),
    Kind("share_cut", "node", "warn", "arrow-down", gettext_lazy("Delegator share cut"), _share_cut, "node"),
    Kind("share_cut_announced", "node", "warn", "arrow-down", gettext_lazy("Lower share announced"),
         _share_cut_announced, "node"),
    Kind("commitment_withdrawn", "node", "warn", "x", gettext_lazy("Commitment withdrawn"), _commitment_withdrawn,
         "node"),
    Kind("unbonding_paid", "wallet", "ok", "check", gettext_lazy("Unbonding matured"), _unbonding_paid, "portfolio"),
    Kind("delegation_refunded", "wallet", "warn", "arrow-back-up", gettext_lazy("Delegation refunded"), _refunded,
         "portfolio"),
    Kind("redelegation_cancelled", "wallet", "warn", "arrows-exchange", gettext_lazy("Redelegation cancelled"),
         _redelegation_cancelled, "portfolio"),
    Kind("redelegation_executed", "wallet", "ok", "arrows-exchange", gettext_lazy("Redelegation executed"),
         _redelegation_executed, "portfolio"),
    Kind("node_degraded", "node", "warn", "alert-triangle", gettext_lazy("Node degraded"), _node_degraded, "node"),
    Kind("operator_unbonding", "node", "warn", "hourglass", gettext_lazy("Operator unbonding"), _operator_unbonding,
         "node"),
    Kind("deposit_credited", "wallet", "ok", "arrow-down", gettext_lazy("Deposit credited"), _deposit_credited,
         "portfolio"),
    Kind("exit_released", "wallet", "ok", "external-link", gettext_lazy("Exit settled"), _exit_released, "portfolio"),
    Kind("standing_order", "wallet", "warn", "bell", gettext_lazy("Standing order"), _standing_order, "order"),
    Kind("node_retired", "node", "warn", "x", gettext_lazy("Node retired"), _retired, "node"),
    Kind("proposal_opened", "all", "", "list-details", gettext_lazy("Proposal opened"),
         _proposal(gettext_lazy("A proposal is open to votes: %(title)s.")), "proposal"),
    Kind("proposal_passed", "all", "", "check", gettext_lazy("Proposal passed"),
         _proposal(gettext_lazy("A proposal has passed: %(title)s.")), "proposal"),
    Kind("proposal_rejected", "all", "", "x", gettext_lazy("Proposal rejected"),
         _proposal(gettext_lazy("A proposal was rejected: %(title)s.")), "proposal"),
    Kind("proposal_executed", "all", "", "adjustments-horizontal", gettext_lazy("Parameters changed"),
         _proposal(gettext_lazy("A proposal was executed and is in force: %(title)s.")), "proposal"),
    Kind("proposal_expired", "all", "", "clock-x", gettext_lazy("Proposal expired"),
         _proposal(gettext_lazy("A proposal expired, its values no longer fit the bounds: %(title)s.")), "proposal"),
    Kind("service_alarm", "wallet", "risk", "alert-triangle", gettext_lazy("Service alarm"), _service_alarm, "admin",
         for_staff=True),
)  # fmt: skip
KINDS = {kind.name: kind for kind in CATALOGUE}
# Kinds that are sent by mail or webhook by default.
CHOSEN = (*(kind.name for kind in CATALOGUE if kind.concerns != "all"), "vote_closing")


def named(*concerns: Concerns) -> list[str]:
    """Names of the kinds that concern one wallet, a node's people, or everybody."""
    return [kind.name for kind in CATALOGUE if kind.concerns in concerns]
