"""The settlement of an epoch on the plain model, step by step as section S lists them."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy

from tests.reference.model import Model
from tests.reference.performance import measure, reward
from tests.reference.proposals import close_proposals
from tests.reference.slashes import create_slashes, execute_slashes
from tests.reference.state import BPS, SCALE, TIERS, Node, Slash


def settle(net: Model) -> None:
    """Settle the open epoch of the model; `net.rows` and `net.report` say what came out."""
    net.now = max(net.now, net.end)
    net.rows = {address: {} for address in sorted(net.nodes)}
    net.report = {}
    former = earned_ever(net)
    measure(net)
    reward(net)
    create_slashes(net)
    executed = execute_slashes(net)
    note_earnings(net, former)
    redelegate(net)
    stand(net, executed)
    close_proposals(net)
    close(net)


def earned_ever(net: Model) -> dict[tuple[str, str], int]:
    """Whole µIFM that each wallet ever earned on each node."""
    earned = {(a, w): p.ever // SCALE for a, node in net.nodes.items() for w, p in node.positions.items()}
    return earned | {(a, node.operator): node.operator_ever for a, node in net.nodes.items()}


def note_earnings(net: Model, former: dict[tuple[str, str], int]) -> None:
    """R42: earned in an epoch is the difference of two floors."""
    for (address, wallet), ever in earned_ever(net).items():
        amount = ever - former.get((address, wallet), 0)
        if amount:
            net.earned[net.epoch, address, wallet] = amount


# 7. redelegations (R19)


def redelegate(net: Model) -> None:
    for redelegation in net.redelegations:
        if redelegation.status != "recorded":
            continue
        source, target = net.nodes[redelegation.source], net.nodes[redelegation.target]
        amount = min(redelegation.amount, net.value(redelegation.source, redelegation.wallet))
        if (
            amount == 0
            or net.is_accused(redelegation.source)
            or not _takes(net, target, source, redelegation.wallet, amount)
        ):
            redelegation.status = "cancelled"
            continue
        redelegation.moved, burned, pending = net.burn(source, redelegation.wallet, amount)
        net.move(f"pool:{redelegation.source}", f"pool:{redelegation.target}", redelegation.moved)
        issued = net.issue(target, redelegation.wallet, redelegation.moved, (1, 1))
        arrival = target.positions[redelegation.wallet]
        # Active from the next epoch on, but for what counts as made later than this one.
        late = {epoch: issued * shares // burned for epoch, shares in pending.items() if epoch > net.epoch}
        for epoch, shares in {**late, net.epoch: issued - sum(late.values())}.items():
            net.make(arrival.made, epoch, shares)
        arrival.redelegated_end = net.end
        redelegation.status = "executed"


def _takes(net: Model, target: Node, source: Node, wallet: str, amount: int) -> bool:
    if net.is_banned(target.address) or target.retired or net.is_accused(target.address):
        return False
    # What burning the shares would pay: the last ones take all tokens of the pool.
    moving, _, _ = net.burn(deepcopy(source), wallet, amount)
    fits = target.cap is None or target.tokens + moving <= target.cap
    return fits and net.cooldown(target.address) <= net.epoch and not net.is_dust(target, wallet, moving)


# 8, 9 and 11


def stand(net: Model, executed: list[Slash]) -> None:
    for address, row in net.rows.items():
        node = net.nodes[address]
        each = net.params["failure_penalty_bps"] * TIERS[row["tier"]][2] // BPS
        failed = min(row["accepted"] - row["good"], 10)
        fines = [each] * failed
        if fines and node.former_q is not None and node.former_q >= net.params["high_performer_bps"]:
            fines[0] = each // 2
        node.penalty = node.penalty * net.params["penalty_decay_bps"] // BPS
        node.penalty = min(node.penalty + sum(fines) + 2_500 * row["created"], 9_000)
        own = [slash.offence for slash in executed if slash.node == address]
        better = row["sla_bps"] is not None and row["sla_bps"] >= net.params["sla_full_bps"]
        worse = sum(200 if offence == "forged_trace" else 50 for offence in own)
        node.reputation = max(0, min(1_000, node.reputation + 5 * better - worse))
        row |= {"penalty_bps": node.penalty, "reputation": node.reputation, "self_stake": node.own}
        row |= {"pool_tokens": node.tokens, "pool_shares": node.shares, "generation": node.generation}
        row |= {"reward_index": node.index, "index_carry": node.carry, "share_bps": node.share}
        node.former_q = row["q_bps"]


def close(net: Model) -> None:
    net.start = net.end
    net.epoch += 1
    net.params = dict(net.next_params)
    net.jobs, net.beats, net.faked = [], set(), set()
    powers: dict[str, int] = defaultdict(int)
    for node in net.nodes.values():
        node.own_made = {epoch: amount for epoch, amount in node.own_made.items() if epoch >= net.epoch}
        # A slash takes from active own stake first.
        net.unmake(node.own_made, max(node.own_pending - node.own, 0))
        node.share, node.next_share = node.next_share or node.share, None
        powers[node.operator] += node.own - node.own_pending
        for wallet, position in node.positions.items():
            position.made = {epoch: shares for epoch, shares in position.made.items() if epoch >= net.epoch}
            powers[wallet] += _worth(node, position.shares - position.pending)
    base = sum(n.own - n.own_pending + _worth(n, n.shares - n.pending) for n in net.nodes.values())
    net.powers[net.epoch] = (dict(powers), base)


def _worth(node: Node, shares: int) -> int:
    return shares * node.tokens // node.shares if node.shares else 0
