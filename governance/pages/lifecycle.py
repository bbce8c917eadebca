"""The lifecycle of a slash or a proposal as steps of templates/components/windows.html."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext

from governance.models import Dispute, Proposal
from governance.pages import labels
from governance.selectors.times import closing_times
from protocol.amounts import BPS
from staking.models import Slash
from web.formatting import amount_digits, grouped_int, moment_text

State = Literal["done", "now", "later"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step. `done_bps`: part of its window that has passed; `until`: its end, for a countdown."""

    title: str
    lines: tuple[str, ...]
    state: State
    label: str
    done_bps: int = 0
    until: datetime | None = None


def slash_lifecycle(slash: Slash, dispute: Dispute | None, now: datetime) -> list[Step]:
    """Return the steps offence, creation, dispute, vote and outcome (R32, R33)."""
    ends = closing_times({slash.epoch, slash.disputable_until_epoch, slash.due_epoch})
    steps = [
        _past(gettext("Offence"), _epoch(slash.epoch), labels.offence(slash.offence)),
        _past(gettext("Slash created"), _at(slash.created_at), _effects(slash)),
    ]
    if dispute is None:
        steps.append(_filing(slash, ends[slash.disputable_until_epoch], now))
    else:
        deposit = gettext("%s IFM deposit") % amount_digits(dispute.deposit)
        steps.append(_past(gettext("Disputed"), _at(dispute.opened_at), deposit))
        steps.append(_vote(dispute, ends[slash.due_epoch], now))
    return [*steps, _outcome(slash)]


def proposal_lifecycle(proposal: Proposal, executes_epoch: int, now: datetime) -> list[Step]:
    """Return the steps proposal, vote, timelock and execution (R47)."""
    ends = closing_times({proposal.closes_epoch, executes_epoch})
    steps = [
        _past(gettext("Proposed"), _at(proposal.opened_at), _epoch(proposal.opened_epoch)),
        _vote(proposal, ends[proposal.closes_epoch], now),
    ]
    if proposal.status == Proposal.Status.REJECTED:
        return [*steps, _later(gettext("Not executed"), gettext("Rejected by the vote"))]
    if proposal.timelock_epochs:
        steps.append(_timelock(proposal, ends[proposal.closes_epoch], ends[executes_epoch], now))
    return [*steps, _execution(proposal, executes_epoch)]


def _filing(slash: Slash, end: datetime, now: datetime) -> Step:
    title, until = (
        gettext("Dispute window"),
        gettext("Until the end of epoch %s") % grouped_int(slash.disputable_until_epoch),
    )
    if slash.status != Slash.Status.PENDING or now >= end:
        return _past(title, until, gettext("Not disputed"))
    return _current(title, until, slash.created_at, end, now)


def _vote(ballot: Dispute | Proposal, end: datetime, now: datetime) -> Step:
    title = gettext("Vote, epoch %(a)s to %(b)s") % {
        "a": grouped_int(ballot.opened_epoch),
        "b": grouped_int(ballot.closes_epoch),
    }
    if ballot.status != "voting" or now >= end:
        return _past(title, gettext("Ended %s") % _at(end))
    return _current(title, gettext("Until %s") % _at(end), ballot.opened_at, end, now)


def _timelock(proposal: Proposal, start: datetime, end: datetime, now: datetime) -> Step:
    title = gettext("Timelock")
    line = gettext("Until %s") % _at(end)
    if proposal.status == Proposal.Status.PASSED and now < end:
        return _current(title, line, start, end, now)
    if proposal.status in (Proposal.Status.EXECUTED, Proposal.Status.EXPIRED):
        return _past(title, gettext("Ended %s") % _at(end))
    return _later(title, line)


def _execution(proposal: Proposal, executes_epoch: int) -> Step:
    when = gettext("In the settlement of epoch %s") % grouped_int(executes_epoch)
    if proposal.status == Proposal.Status.EXECUTED:
        version = gettext("Parameters v%(v)s from epoch %(n)s") % {
            "v": proposal.version, "n": grouped_int(executes_epoch + 1)
        }  # fmt: skip
        return _past(gettext("Executed"), when, version)
    if proposal.status == Proposal.Status.EXPIRED:
        return _past(gettext("Expired"), when, gettext("A value was out of bounds"))
    return _later(gettext("Executed"), when)


def _outcome(slash: Slash) -> Step:
    if slash.status == Slash.Status.EXECUTED:
        slashed = gettext("%s IFM slashed") % amount_digits(slash.slashed, 2)
        return _past(gettext("Executed"), _settlement(slash.resolved_epoch), slashed)
    if slash.status == Slash.Status.OVERTURNED:
        return _past(gettext("Overturned"), _settlement(slash.resolved_epoch), gettext("Nothing slashed"))
    return _later(gettext("Executed"), _settlement(slash.due_epoch))


def _effects(slash: Slash) -> str:
    """Return the effects of a slash from its creation on (R32)."""
    if slash.ban:
        return gettext("Delegations closed, no jobs (ban)")
    if slash.cooldown_until:
        until = gettext("Delegations closed, cooldown until epoch %s")
        return until % grouped_int(slash.cooldown_until)
    return gettext("Delegations closed")


def _past(title: str, *lines: str) -> Step:
    return Step(title, lines, "done", gettext("done"), BPS)


def _later(title: str, *lines: str) -> Step:
    return Step(title, lines, "later", gettext("not yet"))


def _current(title: str, line: str, start: datetime, end: datetime, now: datetime) -> Step:
    elapsed = min(max((now - start) * BPS // (end - start), 0), BPS) if end > start else BPS
    label = gettext("%s percent of the time has passed") % (elapsed // 100)
    return Step(title, (line,), "now", label, elapsed, end)


def _at(moment: datetime) -> str:
    return moment_text(moment)


def _epoch(number: int) -> str:
    return gettext("Epoch %s") % grouped_int(number)


def _settlement(number: int | None) -> str:
    return gettext("In the settlement of epoch %s") % grouped_int(number or 0)
