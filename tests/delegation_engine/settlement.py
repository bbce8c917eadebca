"""The settlement of an epoch on the plain model, step by step as section S lists them."""

from __future__ import annotations

from collections import defaultdict
from math import isqrt
from typing import Any

from .model import BPS, OFFENCES, REPEATED_DROP, SCALE, TIERS, Model, Node, Slash


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
    close(net)


# 2. performance (R23–R28)


def measure(net: Model) -> None:
    for address, row in net.rows.items():
        jobs = [job for job in net.jobs if job["node"] == address]
        row["status"] = net.status(address)
        row["accepted"] = sum(job["outcome"] != "rejected" for job in jobs)
        row["rejected"] = len(jobs) - row["accepted"]
        row["good"] = sum(job["good"] for job in jobs)
        row["credits"] = sum(job["credits"] for job in jobs if job["good"])
        for proof in ("invalid", "forged"):
            row[proof] = sum(job["proof"] == proof for job in jobs)
        row["dropped"] = sum(job["outcome"] == "dropped" for job in jobs)
        row["mismatched"] = sum(job["outcome"] == "schema_mismatch" for job in jobs)
        row["sla_bps"] = BPS * row["good"] // row["accepted"] if row["accepted"] else None
        row["rejection_bps"] = BPS * row["rejected"] // len(jobs) if jobs else 0
        net.nodes[address].latencies += [job["latency"] for job in jobs if job["good"]]
        row["uptime_bps"] = _uptime(net, net.nodes[address])
        _latency(net, net.nodes[address], row)
    _compare(net)
    for address, row in net.rows.items():
        _q(net, net.nodes[address], row)


def _uptime(net: Model, node: Node) -> int:
    slot = net.params["heartbeat_slot_seconds"]
    counted = [
        number
        for number in range(net.params["epoch_seconds"] // slot)
        if net.start + (number + 1) * slot > node.registered
    ]
    if not counted or not net.beats:
        return BPS
    return BPS * sum((node.address, number) in net.beats for number in counted) // len(counted)


def _latency(net: Model, node: Node, row: dict[str, Any]) -> None:
    window = node.latencies[-net.params["latency_window_jobs"] :]
    n, total, squares = len(window), sum(window), sum(ms * ms for ms in window)
    row["latency_ms"] = total // n if n else None
    row["variation_bps"] = isqrt(10**8 * (n * squares - total**2) // total**2) if total else 0


def _compare(net: Model) -> None:
    active = [address for address, row in net.rows.items() if row["status"] == "active"]
    known = {a: net.rows[a]["latency_ms"] for a in active if net.rows[a]["latency_ms"] is not None}
    accepted = [job["region"] for job in net.jobs if job["outcome"] != "rejected"]
    supply: dict[str, int] = defaultdict(int)
    for address in active:
        supply[net.nodes[address].region] += 1
    for address, row in net.rows.items():
        slower = sum(other > known[address] for other in known.values()) if address in known else 0
        row["latency_percentile_bps"] = (
            0 if address not in known else BPS * slower // (len(known) - 1) if len(known) > 1 else BPS
        )
        region = net.nodes[address].region
        row["scarcity_bps"] = 0
        if supply[region] and accepted:
            # demand / supply − 1 over one denominator
            above = accepted.count(region) * len(active) - supply[region] * len(accepted)
            row["scarcity_bps"] = min(max(BPS * above // (supply[region] * len(accepted)), 0), BPS)


def _q(net: Model, node: Node, row: dict[str, Any]) -> None:
    p = net.params
    row["active_stake"] = node.own - node.own_pending
    row["active_shares"] = node.shares - node.pending
    row["active_pool"] = node.tokens * row["active_shares"] // node.shares if node.shares else 0
    stake = row["active_stake"] + row["active_pool"]
    row["q_latency"] = p["q_latency_bps"] * row["latency_percentile_bps"] // BPS
    span = BPS - p["uptime_floor_bps"]
    uptime = p["q_uptime_bps"] * (row["uptime_bps"] - p["uptime_floor_bps"]) // span
    row["q_uptime"] = max(-p["q_uptime_bps"], min(uptime, p["q_uptime_bps"]))
    row["q_stake"] = p["q_stake_bps"] * min(stake, p["q_stake_saturation"]) // p["q_stake_saturation"]
    row["q_scarcity"] = p["q_scarcity_bps"] * row["scarcity_bps"] // BPS
    raw = BPS + row["q_latency"] + row["q_uptime"] + row["q_stake"] + row["q_scarcity"]
    low, full, sla = p["sla_threshold_bps"], p["sla_full_bps"], row["sla_bps"]
    if sla is None or sla >= full:
        row["q_sla"] = BPS
    else:
        row["q_sla"] = 5_000 if sla < low else 5_000 + 5_000 * (sla - low) // (full - low)
    row["degraded"] = (
        row["uptime_bps"] < p["uptime_floor_bps"]
        or row["rejection_bps"] > p["rejection_limit_bps"]
        or row["variation_bps"] > p["latency_cv_limit_bps"]
    )
    row["q_bps"] = max(raw * row["q_sla"] // BPS, 1_000)
    if row["degraded"]:
        row["q_bps"] = min(row["q_bps"], BPS)
    row["tier"] = max(number for number, tier in enumerate(TIERS) if tier[0] <= stake)


# 3. rewards (R39–R41)


def reward(net: Model) -> None:
    net.move("issuance", "reward_pool", net.params["emission_per_epoch"])
    pool = net.accounts["reward_pool"]
    for row in net.rows.values():
        barred = row["status"] in ("banned", "cooldown") or row["invalid"] or row["forged"]
        row["weight"] = 0 if barred else row["credits"] * (BPS + TIERS[row["tier"]][1]) * row["q_bps"]
    total = sum(row["weight"] for row in net.rows.values())
    for address, row in net.rows.items():
        row["reward"] = pool * row["weight"] // total if total else 0
        row["operator_reward"], row["delegators_reward"] = _credit(net.nodes[address], row, row["reward"])
        net.move("reward_pool", f"rewards:{address}", row["reward"])
    net.report |= {"pool": pool, "carry": net.accounts["reward_pool"]}


def _credit(node: Node, row: dict[str, Any], amount: int) -> tuple[int, int]:
    own, pool, active = row["active_stake"], row["active_pool"], row["active_shares"]
    delegators = amount * pool // (own + pool) * node.share // BPS if pool else 0
    node.operator_owed += amount - delegators
    node.operator_ever += amount - delegators
    row["to_index"] = row.get("to_index", 0) + delegators
    if delegators:
        delta, node.carry = divmod(delegators * SCALE + node.carry, active)
        node.index += delta
        for position in node.positions.values():
            position.owed += (position.shares - position.pending) * delta
            position.ever += (position.shares - position.pending) * delta
    return amount - delegators, delegators


# 4. slashes are created (R30, R32, R34)


def create_slashes(net: Model) -> None:
    for address, row in net.rows.items():
        row["created"] = 0
        found = _offences(net, address, row)
        if not found:
            continue
        node = net.nodes[address]
        _refund(net, node)
        bases = (node.own + _liable(net, address, "self"), node.tokens + _liable(net, address, "delegated"))
        for offence, rates, cools in found:
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
    found = []
    for offence in OFFENCES:
        if shown[offence]:
            repeated = offence == "sla_drop" and strikes
            cools = offence in ("invalid_proof", "fake_resources") or (repeated and strikes >= 2)
            found.append((offence, REPEATED_DROP if repeated else net.offences[offence], bool(cools)))
    return found


def _refund(net: Model, node: Node) -> None:
    tokens, shares = node.tokens, node.shares
    wallets = sorted(wallet for wallet, position in node.positions.items() if position.pending)
    for wallet in wallets:
        position = node.positions[wallet]
        node.shares -= position.pending
        last = node.shares == 0
        amount = node.tokens if last else position.pending * tokens // shares
        position.shares -= position.pending
        position.pending = 0
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
    """What each part of a side loses; part 0 is bonded, the others are buckets by their epoch."""
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
                position.shares = position.pending = 0


def _share_out(net: Model, slash: Slash, honest: dict[str, int]) -> None:
    total, left = sum(honest.values()), slash.honest
    for address, weight in honest.items():
        part = slash.honest * weight // total
        left -= part
        net.accounts[f"rewards:{address}"] += part
        net.rows[address]["honest_reward"] += part
        _credit(net.nodes[address], net.rows[address], part)
    net.accounts["treasury"] += left


def earned_ever(net: Model) -> dict[tuple[str, str], int]:
    """Whole µIFM that each wallet ever earned on each node."""
    found = {(a, w): p.ever // SCALE for a, node in net.nodes.items() for w, p in node.positions.items()}
    return found | {(a, node.operator): node.operator_ever for a, node in net.nodes.items()}


def note_earnings(net: Model, former: dict[tuple[str, str], int]) -> None:
    """R42: earned in an epoch is the difference of two floors."""
    for (address, wallet), ever in earned_ever(net).items():
        amount = ever - former.get((address, wallet), 0)
        if amount:
            net.earned[net.epoch, address, wallet] = amount


# 7. redelegations (R19)


def redelegate(net: Model) -> None:
    for wish in net.redelegations:
        if wish.status != "recorded":
            continue
        source, target = net.nodes[wish.source], net.nodes[wish.target]
        amount = min(wish.amount, net.value(wish.source, wish.wallet))
        if amount == 0 or net.is_accused(wish.source) or not _takes(net, target, source, wish.wallet, amount):
            wish.status = "cancelled"
            continue
        wish.moved = net.burn(source, wish.wallet, amount)
        net.move(f"pool:{wish.source}", f"pool:{wish.target}", wish.moved)
        net.issue(target, wish.wallet, wish.moved)
        target.positions[wish.wallet].redelegated_end = net.end
        wish.status = "executed"


def _takes(net: Model, target: Node, source: Node, wallet: str, amount: int) -> bool:
    if net.is_banned(target.address) or target.retired or net.is_accused(target.address):
        return False
    # The last shares out of the source take all its tokens along.
    needed = -(-amount * source.shares // source.tokens)
    if amount == net.value(source.address, wallet):
        needed = source.positions[wallet].shares
    moving = source.tokens if needed == source.shares else amount
    fits = target.cap is None or target.tokens + moving <= target.cap
    return fits and net.cooldown(target.address) <= net.epoch


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
    net.jobs, net.beats, net.faked = [], set(), set()
    powers: dict[str, int] = defaultdict(int)
    for address, node in net.nodes.items():
        node.own_pending = 0
        node.share, node.next_share = node.next_share or node.share, None
        powers[node.operator] += node.own
        for wallet, position in node.positions.items():
            position.pending = 0
            powers[wallet] += net.value(address, wallet)
    base = sum(node.own + node.tokens for node in net.nodes.values())
    net.powers[net.epoch] = (dict(powers), base)
