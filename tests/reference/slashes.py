"""Steps 5 to 9 on the plain model: slashes are created, judged and executed."""

from __future__ import annotations

from typing import Any

from tests.reference.model import Model
from tests.reference.performance import credit
from tests.reference.state import BPS, OFFENCES, REPEATED_DROP, TIERS, Node, Slash

# 4. slashes are created (R30, R32, R34)


def create_slashes(net: Model) -> None:
    for address, row in net.rows.items():
        row["created"] = 0
        offences = _offences(net, address, row)
        if not offences:
            continue
        node = net.nodes[address]
        _refund(net, node)
        bases = (node.own + _liable(net, address, "self"), node.tokens + _liable(net, address, "delegated"))
        for offence, rates, cools in offences:
            until = net.epoch + net.params["dispute_filing_epochs"]
            slash = Slash(
                address, offence, net.epoch, rates, bases, until, until, ban=offence == "forged_trace"
            )
            if cools:
                length = -(-net.params["cooldown_epochs"] * TIERS[row["tier"]][2] // BPS)
                slash.cooldown = net.epoch + length
            net.slashes.append(slash)
            row["created"] += 1


def _offences(net: Model, address: str, row: dict[str, Any]) -> list[tuple[str, tuple[int, int], bool]]:
    window = range(net.epoch - net.params["sla_strike_window_epochs"], net.epoch)
    strikes = sum(
        (s.node, s.offence) == (address, "sla_drop") and s.status != "overturned" and s.epoch in window
        for s in net.slashes
    )
    low = row["sla_bps"] is not None and row["sla_bps"] < net.params["sla_threshold_bps"]
    shown = {
        "sla_drop": low and row["accepted"] >= net.params["sla_min_jobs"],
        "invalid_proof": row["invalid"],
        "forged_trace": row["forged"],
        "dropout": row["dropped"],
        "fake_resources": address in net.faked,
        "schema_mismatch": row["mismatched"] >= net.params["schema_mismatch_limit"],
    }
    offences = []
    for offence in OFFENCES:
        if shown[offence]:
            repeated = offence == "sla_drop" and strikes
            cools = offence in ("invalid_proof", "fake_resources") or (repeated and strikes >= 2)
            offences.append((offence, REPEATED_DROP if repeated else net.offences[offence], bool(cools)))
    return offences


def _refund(net: Model, node: Node) -> None:
    tokens, shares = node.tokens, node.shares
    wallets = sorted(wallet for wallet, position in node.positions.items() if position.pending)
    for wallet in wallets:
        position = node.positions[wallet]
        node.shares -= position.pending
        last = node.shares == 0
        amount = node.tokens if last else position.pending * tokens // shares
        position.shares -= position.pending
        position.made = {}
        node.tokens -= amount
        net.move(f"pool:{node.address}", f"wallet:{wallet}", amount)


def _liable(net: Model, address: str, kind: str) -> int:
    return sum(
        b.tokens for (n, k, e), b in net.buckets.items() if (n, k) == (address, kind) and e >= net.epoch
    )


# 5. votes are counted, slashes executed (R33–R37, R46)


def execute_slashes(net: Model) -> list[Slash]:
    count_disputes(net)
    honest = {
        address: row["weight"]
        for address, row in net.rows.items()
        if row["status"] == "active"
        and row["weight"]
        and row["sla_bps"] >= net.params["sla_threshold_bps"]
        and not net.is_accused(address)
    }
    order = list(OFFENCES)
    due = [slash for slash in net.slashes if slash.pending and slash.due <= net.epoch]
    due.sort(key=lambda slash: (slash.epoch, slash.node, order.index(slash.offence)))
    for row in net.rows.values():
        row["slashed"] = row["honest_reward"] = 0
    for slash in due:
        _execute(net, slash, honest)
    return due


def count_disputes(net: Model) -> None:
    for dispute in net.disputes:
        if dispute.status != "voting" or dispute.closes != net.epoch:
            continue
        powers = net.powers[dispute.opened][0]
        tally = dict.fromkeys(("uphold", "overturn", "abstain"), 0)
        for wallet, choice in dispute.votes.items():
            tally[choice] += powers[wallet]
        quorum = sum(tally.values()) * BPS >= dispute.quorum
        overturned = quorum and tally["overturn"] > tally["uphold"]
        dispute.status = "overturned" if overturned else "upheld"
        if overturned:
            dispute.slash.status = "overturned"
        target = "treasury" if quorum and not overturned else f"wallet:{dispute.operator}"
        net.move("deposits", target, dispute.deposit)


def _execute(net: Model, slash: Slash, honest: dict[str, int]) -> None:
    node = net.nodes[slash.node]
    lost = [_bear(net, slash, side, kind) for side, kind in enumerate(("self", "delegated"))]
    slash.taken = (sum(lost[0].values()), sum(lost[1].values()))
    total = sum(slash.taken)
    slash.honest = total * net.params["slash_honest_bps"] // BPS
    slash.returned = min(total * net.params["slash_delegators_bps"] // BPS, slash.taken[1])
    if node.custodial:
        slash.returned = 0
    slash.burned = total - slash.honest - slash.returned
    for part, amount in _in_proportion(slash.returned, lost[1]).items():
        lost[1][part] -= amount
    for kind, losses in zip(("self", "delegated"), lost, strict=True):
        for part, amount in losses.items():
            _lower(net, node, kind, part, amount)
    net.accounts["burned"] += slash.burned
    _share_out(net, slash, {a: w for a, w in honest.items() if net.nodes[a].operator != node.operator})
    net.rows[slash.node]["slashed"] += total
    slash.status = "executed"


def _bear(net: Model, slash: Slash, side: int, kind: str) -> dict[int, int]:
    """Return the loss of each part of a side; part 0 is bonded, the others are buckets by their epoch."""
    node = net.nodes[slash.node]
    parts = {0: node.own if kind == "self" else node.tokens}
    for (address, of, epoch), bucket in sorted(net.buckets.items(), key=lambda item: item[0][2]):
        if (address, of) == (slash.node, kind) and epoch >= slash.epoch:
            parts[epoch] = bucket.tokens
    before = sum(
        s.taken[side] for s in net.slashes
        if (s.node, s.epoch, s.status) == (slash.node, slash.epoch, "executed")
    )  # fmt: skip
    due = max(slash.rates[side] * slash.bases[side] // BPS - before, 0)
    return _in_proportion(min(due, sum(parts.values())), parts)


def _in_proportion(amount: int, parts: dict[int, int]) -> dict[int, int]:
    total = sum(parts.values())
    if total == 0:
        return dict.fromkeys(parts, 0)
    shares = {part: amount * size // total for part, size in parts.items()}
    # sorted() is stable: on a tie the bonded part comes first, then the older bucket.
    for part in sorted(parts, key=lambda part: parts[part], reverse=True):
        rest = amount - sum(shares.values())
        shares[part] += min(rest, parts[part] - shares[part])
    return shares


def _lower(net: Model, node: Node, kind: str, part: int, amount: int) -> None:
    if part:
        net.buckets[node.address, kind, part].tokens -= amount
        net.accounts[f"unbonding:{node.address}"] -= amount
    elif kind == "self":
        node.own -= amount
        net.accounts[f"stake:{node.address}"] -= amount
    else:
        node.tokens -= amount
        net.accounts[f"pool:{node.address}"] -= amount
        if node.tokens == 0 and node.shares:
            node.generation += 1
            node.shares = 0
            for position in node.positions.values():
                position.shares, position.made = 0, {}


def _share_out(net: Model, slash: Slash, honest: dict[str, int]) -> None:
    total, left = sum(honest.values()), slash.honest
    for address, weight in honest.items():
        part = slash.honest * weight // total
        left -= part
        net.accounts[f"rewards:{address}"] += part
        net.rows[address]["honest_reward"] += part
        credit(net.nodes[address], net.rows[address], part)
    net.accounts["treasury"] += left
