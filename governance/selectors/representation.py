"""The power that representatives carry in votes (R57), counted for any number of wallets in one statement. µIFM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from governance.models import Dispute, Proposal, Representative, Vote
from staking.measurement.live import open_epoch
from staking.selectors.voting_power import POWERS

Ballot = Dispute | Proposal

# Carriers: ballot, representative with its choice, opening epoch, and the wallet that neither represents nor is
# represented.
DISPUTE_VOTES = """
    SELECT v.dispute_id AS ballot, v.wallet AS representative, b.opened_epoch AS epoch, b.operator AS excluded,
      'disputes' AS kind, v.choice
    FROM governance_vote v JOIN governance_dispute b ON b.id = v.dispute_id
    WHERE v.dispute_id = ANY(%(ballots)s)"""
PROPOSAL_VOTES = """
    SELECT v.proposal_id AS ballot, v.wallet AS representative, b.opened_epoch AS epoch, NULL AS excluded,
      'proposals' AS kind, v.choice
    FROM governance_vote v JOIN governance_proposal b ON b.id = v.proposal_id
    WHERE v.proposal_id = ANY(%(ballots)s)"""
WALLET_ON_DISPUTES = """
    SELECT id AS ballot, %(wallet)s::varchar AS representative, opened_epoch AS epoch, operator AS excluded,
      'disputes' AS kind, '' AS choice
    FROM governance_dispute WHERE id = ANY(%(ballots)s)"""
WALLET_ON_PROPOSALS = """
    SELECT id AS ballot, %(wallet)s::varchar AS representative, opened_epoch AS epoch, NULL AS excluded,
      'proposals' AS kind, '' AS choice
    FROM governance_proposal WHERE id = ANY(%(ballots)s)"""

REPRESENTED = """
WITH carriers AS ({carriers}),
represented AS (
    SELECT c.ballot, c.representative, c.choice, c.epoch, r.wallet FROM carriers c
    JOIN governance_representative r ON r.representative = c.representative AND r.kind = c.kind
      AND r.from_epoch <= c.epoch AND (r.until_epoch IS NULL OR r.until_epoch > c.epoch)
    WHERE c.representative IS DISTINCT FROM c.excluded AND r.wallet IS DISTINCT FROM c.excluded
      AND NOT EXISTS (SELECT 1 FROM governance_vote o WHERE o.{column} = c.ballot AND o.wallet = r.wallet)),
wallets AS (SELECT DISTINCT wallet, epoch FROM represented), {powers}
SELECT r.ballot, r.representative, r.choice, sum(p.power) AS power, count(*) AS wallets
FROM represented r JOIN powers p ON p.wallet = r.wallet AND p.epoch = r.epoch
WHERE p.power > 0 GROUP BY r.ballot, r.representative, r.choice
"""


ALL_REPRESENTED = f"""
WITH named AS (
    SELECT kind, wallet FROM governance_representative WHERE representative = %(representative)s
      AND from_epoch <= %(epoch)s AND (until_epoch IS NULL OR until_epoch > %(epoch)s)),
wallets AS (SELECT DISTINCT wallet, %(epoch)s::integer AS epoch FROM named), {POWERS}
SELECT n.kind, sum(p.power), count(*) FROM named n JOIN powers p ON p.wallet = n.wallet
WHERE p.power > 0 GROUP BY n.kind
"""


@dataclass(frozen=True, slots=True)
class Represented:
    """Power that a representative carries in a vote, µIFM, the number of wallets that it belongs to, and its choice."""

    power: int = 0
    wallets: int = 0
    choice: str = ""


# By ballot and voter.
InVotes = dict[tuple[int, str], Represented]
NOTHING = Represented()
KINDS = tuple(value for value, _ in Representative.Kind.choices)


@dataclass(frozen=True, slots=True)
class Representatives:
    """By kind: the representative named last and the first epoch whose votes it applies to, the one in votes opened
    now, and what the wallet itself represents in votes opened now if no represented wallet votes."""

    wallet: str
    named: dict[str, str | None]
    from_epoch: dict[str, int | None]
    in_force: dict[str, str | None]
    represents: dict[str, Represented]


def represented_sql(carriers: str, column: str) -> str:
    """Return the statement (ballot, representative, choice, power, wallets) for carriers, with their parameters."""
    return REPRESENTED.format(carriers=carriers, column=column, powers=POWERS)


def represented_in_votes(ballots: Sequence[Ballot]) -> InVotes:
    """Return what each vote on the open ones of these disputes, or these proposals, represents now."""
    ballots = [ballot for ballot in ballots if ballot.status == "voting"]
    if not ballots:
        return {}
    carriers, column = (
        (DISPUTE_VOTES, "dispute_id") if isinstance(ballots[0], Dispute) else (PROPOSAL_VOTES, "proposal_id")
    )
    return _read(carriers, column, {"ballots": [ballot.pk for ballot in ballots]})


def represented_by(wallet: str, ballots: Sequence[Ballot]) -> dict[int, Represented]:
    """Return what a wallet represents, or would if it voted, on these disputes, or these proposals, by ballot."""
    if not ballots:
        return {}
    carriers, column = (
        (WALLET_ON_DISPUTES, "dispute_id")
        if isinstance(ballots[0], Dispute)
        else (WALLET_ON_PROPOSALS, "proposal_id")
    )
    rows = _read(carriers, column, {"ballots": [ballot.pk for ballot in ballots], "wallet": wallet})
    return {ballot: represented for (ballot, _), represented in rows.items()}


def attach_represented(votes: Iterable[Vote], in_votes: InVotes) -> None:
    """Set what votes on open ballots represent now; of closed ones it is stored."""
    for vote in votes:
        represented = in_votes.get((vote.dispute_id or vote.proposal_id or 0, vote.wallet))
        if represented is not None:
            vote.represented, vote.represented_wallets = represented.power, represented.wallets


def representative_of(ballot: Ballot, wallet: str) -> str | None:
    """Return the representative of a wallet in a vote; None for the operator in a dispute of its own node."""
    if isinstance(ballot, Dispute) and ballot.operator == wallet:
        return None
    kind = Representative.Kind.DISPUTES if isinstance(ballot, Dispute) else Representative.Kind.PROPOSALS
    epoch = ballot.opened_epoch
    rows = Representative.objects.filter(
        Q(until_epoch=None) | Q(until_epoch__gt=epoch), wallet=wallet, kind=kind, from_epoch__lte=epoch
    )
    return rows.values_list("representative", flat=True).first()


def representatives_of(wallet: str) -> Representatives:
    """Return the representatives that a wallet has named, and what it represents in votes opened now."""
    epoch = open_epoch()
    number = 0 if epoch is None else epoch.number
    rows = Representative.objects.filter(Q(until_epoch=None) | Q(until_epoch__gt=number), wallet=wallet)
    named: dict[str, Representative] = {}
    in_force: dict[str, str | None] = dict.fromkeys(KINDS)
    for row in rows:
        if row.until_epoch is None:
            named[row.kind] = row
        if row.from_epoch <= number:
            in_force[row.kind] = row.representative
    return Representatives(
        wallet=wallet,
        named={kind: named[kind].representative if kind in named else None for kind in KINDS},
        from_epoch={kind: named[kind].from_epoch if kind in named else None for kind in KINDS},
        in_force=in_force,
        represents=_represents(wallet, number),
    )


def _represents(representative: str, epoch: int) -> dict[str, Represented]:
    with connection.cursor() as cursor:
        cursor.execute(ALL_REPRESENTED, {"representative": representative, "epoch": epoch})
        rows = {kind: Represented(int(power), wallets) for kind, power, wallets in cursor.fetchall()}
    return {kind: rows.get(kind, NOTHING) for kind in KINDS}


def _read(carriers: str, column: str, parameters: dict[str, Any]) -> dict[tuple[int, str], Represented]:
    with connection.cursor() as cursor:
        cursor.execute(represented_sql(carriers, column), parameters)
        return {
            (ballot, wallet): Represented(int(power), wallets, choice)
            for ballot, wallet, choice, power, wallets in cursor.fetchall()
        }
