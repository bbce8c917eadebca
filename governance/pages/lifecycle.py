"""The course of a slash or a proposal as steps of templates/components/windows.html."""

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
    """`done_bps`: how much of its window has passed; `until`: when it ends, for a countdown."""

    title: str
    lines: tuple[str, ...]
    state: State
    label: str
    done_bps: int = 0
    until: datetime | None = None


def course_of_slash(slash: Slash, dispute: Dispute | None, now: datetime) -> list[Step]:
    """Offence, creation, dispute, vote, outcome (R32, R33)."""
    ends = closing_times({slash.epoch, slash.disputable_until_epoch, slash.due_epoch})
    steps = [
        _past(gettext("Offence"), _epoch(slash.epoch), labels.offence(slash.offence)),
        _past(gettext("Slash created"), _at(slash.created_at), _effects(slash)),
    ]
    if dispute is None:
        steps.append(_filing(slash, ends[slash.disputable_until_epoch], now))
    else:
        paid = gettext("%s IFM deposit") % amount_digits(dispute.deposit)
        steps.append(_past(gettext("Disputed"), _at(dispute.opened_at), paid))
        steps.append(_vote(dispute, ends[slash.due_epoch], now))
    return [*steps, _outcome(slash)]


def course_of_proposal(proposal: Proposal, executes_epoch: int, now: datetime) -> list[Step]:
    """Proposal, vote, timelock, change (R47)."""
    ends = closing_times({proposal.closes_epoch, executes_epoch})
    steps = [
        _past(gettext("Proposed"), _at(proposal.opened_at), _epoch(proposal.opened_epoch)),
        _vote(proposal, ends[proposal.closes_epoch], now),
    ]
    if proposal.status == Proposal.Status.REJECTED:
        return [*steps, _later(gettext("Not carried out"), gettext("The vote rejected it"))]
    if proposal.timelock_epochs:
        steps.append(_timelock(proposal, ends[proposal.closes_epoch], ends[executes_epoch], now))
    return [*steps, _change(proposal, executes_epoch)]


def _filing(slash: Slash, end: datetime, now: datetime) -> Step:
    title, until = (
        gettext("Time to dispute"),
        gettext("Until the end of epoch %s") % grouped_int(slash.disputable_until_epoch),
    )
    if slash.status != Slash.Status.PENDING or now >= end:
        return _past(title, until, gettext("Not disputed"))
    return _running(title, until, slash.created_at, end, now)


def _vote(ballot: Dispute | Proposal, end: datetime, now: datetime) -> Step:
    title = gettext("Vote, epoch %(a)s to %(b)s") % {
        "a": grouped_int(ballot.opened_epoch),
        "b": grouped_int(ballot.closes_epoch),
    }
    if ballot.status != "voting" or now >= end:
        return _past(title, gettext("Ended %s") % _at(end))
    return _running(title, gettext("Until %s") % _at(end), ballot.opened_at, end, now)


def _timelock(proposal: Proposal, start: datetime, end: datetime, now: datetime) -> Step:
    title = gettext("Timelock")
    line = gettext("Until %s") % _at(end)
    if proposal.status == Proposal.Status.PASSED and now < end:
        return _running(title, line, start, end, now)
    if proposal.status in (Proposal.Status.EXECUTED, Proposal.Status.EXPIRED):
        return _past(title, gettext("Ended %s") % _at(end))
    return _later(title, line)


def _change(proposal: Proposal, executes_epoch: int) -> Step:
    when = gettext("In the settlement of epoch %s") % grouped_int(executes_epoch)
    if proposal.status == Proposal.Status.EXECUTED:
        version = gettext("Parameters v%(v)s from epoch %(n)s") % {
            "v": proposal.version, "n": grouped_int(executes_epoch + 1)
        }  # fmt: skip
        return _past(gettext("Carried out"), when, version)
    if proposal.status == Proposal.Status.EXPIRED:
        return _past(gettext("Expired"), when, gettext("Its bounds no longer held"))
    return _later(gettext("Carried out"), when)


def _outcome(slash: Slash) -> Step:
    if slash.status == Slash.Status.EXECUTED:
        taken = gettext("%s IFM slashed") % amount_digits(slash.slashed)
        return _past(gettext("Carried out"), _settlement(slash.resolved_epoch), taken)
    if slash.status == Slash.Status.OVERTURNED:
        return _past(gettext("Overturned"), _settlement(slash.resolved_epoch), gettext("Nothing slashed"))
    return _later(gettext("Carried out"), _settlement(slash.due_epoch))


def _effects(slash: Slash) -> str:
    """What a slash does from its creation on (R32)."""
    if slash.ban:
        return gettext("Delegations closed, ban from jobs")
    if slash.cooldown_until:
        until = gettext("Delegations closed, cooldown until epoch %s")
        return until % grouped_int(slash.cooldown_until)
    return gettext("Delegations closed")


def _past(title: str, *lines: str) -> Step:
    return Step(title, lines, "done", gettext("done"), BPS)


def _later(title: str, *lines: str) -> Step:
    return Step(title, lines, "later", gettext("not yet"))


def _running(title: str, line: str, start: datetime, end: datetime, now: datetime) -> Step:
    gone = min(max((now - start) * BPS // (end - start), 0), BPS) if end > start else BPS
    label = gettext("%s percent of the time has passed") % (gone // 100)
    return Step(title, (line,), "now", label, gone, end)


def _at(moment: datetime) -> str:
    return moment_text(moment)


def _epoch(number: int) -> str:
    return gettext("Epoch %s") % grouped_int(number)


def _settlement(number: int | None) -> str:
    return gettext("In the settlement of epoch %s") % grouped_int(number or 0)
