"""Audit checks of deposits and votes (section 14, item 9)."""

from __future__ import annotations

# Votes that are open, or were closed in an epoch that the audit covers.
BALLOTS = """
    SELECT id AS dispute_id, NULL::bigint AS proposal_id, opened_epoch, quorum_base, status, operator,
      'disputes' AS kind
    FROM governance_dispute WHERE status = 'voting' OR closes_epoch >= %(since)s
    UNION ALL SELECT NULL, id, opened_epoch, quorum_base, status, '', 'proposals'
    FROM governance_proposal WHERE status = 'voting' OR closes_epoch >= %(since)s"""
# Stake of one wallet at the opening of the epoch in which a ballot was opened (R44), without what was staked late (R13).
STAKE = """
    SELECT coalesce((SELECT sum(e.self_stake - e.late_stake) FROM staking_node n
        JOIN staking_nodeepoch e ON e.node_id = n.id AND e.epoch = b.opened_epoch - 1
        WHERE n.operator = {wallet}), 0)
      + coalesce((SELECT sum(div(c.shares * e.pool_tokens, e.pool_shares))
        FROM (SELECT DISTINCT ON (node_id) node_id, generation, shares FROM staking_stakecheckpoint
              WHERE wallet = {wallet} AND epoch < b.opened_epoch ORDER BY node_id, epoch DESC) c
        JOIN staking_nodeepoch e ON e.node_id = c.node_id AND e.epoch = b.opened_epoch - 1
          AND e.generation = c.generation AND e.pool_shares > 0), 0) AS stake"""

CHECKS: dict[str, str] = {
    "9 deposits": """
        SELECT format('deposits: ledger %s, open disputes %s', l.held, d.held)
        FROM (SELECT coalesce(sum(balance), 0) AS held FROM ledger_account WHERE name = 'deposits') l,
             (SELECT coalesce(sum(deposit), 0) AS held FROM governance_dispute WHERE status = 'voting') d
        WHERE l.held <> d.held""",
    "9 voting power": f"""
        SELECT format('vote %s of %s on dispute %s, proposal %s: power %s, stake at the snapshot %s', v.id,
          v.wallet, v.dispute_id, v.proposal_id, v.power, s.stake)
        FROM ({BALLOTS}) b
        JOIN governance_vote v ON v.dispute_id = b.dispute_id OR v.proposal_id = b.proposal_id
        CROSS JOIN LATERAL ({STAKE.format(wallet="v.wallet")}) s
        WHERE v.power <> s.stake""",
    "9 represented power": f"""
        SELECT format('vote %s of %s on dispute %s, proposal %s: represents %s of %s wallets, by stake %s of %s',
          v.id, v.wallet, v.dispute_id, v.proposal_id, v.represented, v.represented_wallets, s.stake, s.wallets)
        FROM ({BALLOTS}) b
        JOIN governance_vote v ON v.dispute_id = b.dispute_id OR v.proposal_id = b.proposal_id
        CROSS JOIN LATERAL (
          SELECT coalesce(sum(p.stake), 0) AS stake, count(*) FILTER (WHERE p.stake > 0) AS wallets
          FROM governance_representative r
          CROSS JOIN LATERAL ({STAKE.format(wallet="r.wallet")}) p
          WHERE b.status <> 'voting' AND r.representative = v.wallet AND r.kind = b.kind
            AND r.from_epoch <= b.opened_epoch AND coalesce(r.until_epoch > b.opened_epoch, true)
            AND b.operator NOT IN (r.wallet, v.wallet)
            AND NOT EXISTS (SELECT 1 FROM governance_vote o WHERE o.wallet = r.wallet
              AND (o.dispute_id = b.dispute_id OR o.proposal_id = b.proposal_id))) s
        WHERE v.represented <> s.stake OR v.represented_wallets <> s.wallets""",
    "9 one representative": """
        SELECT format('wallet %s has two representatives for %s in epoch %s', wallet, kind, next)
        FROM (SELECT wallet, kind, until_epoch,
            lead(from_epoch) OVER (PARTITION BY wallet, kind ORDER BY from_epoch) AS next
          FROM governance_representative) r
        WHERE next IS NOT NULL AND coalesce(until_epoch > next, true)""",
    "9 quorum base": f"""
        SELECT format('dispute %s, proposal %s: the base is %s, all stake at the snapshot %s', b.dispute_id,
          b.proposal_id, b.quorum_base, coalesce(s.stake, 0))
        FROM ({BALLOTS}) b
        LEFT JOIN (SELECT epoch, sum(self_stake - late_stake) + sum(pool_tokens - late_pool) AS stake FROM staking_nodeepoch
          WHERE epoch IN (SELECT opened_epoch - 1 FROM ({BALLOTS}) o) GROUP BY epoch) s
          ON s.epoch = b.opened_epoch - 1
        WHERE b.quorum_base <> coalesce(s.stake, 0)""",
    "9 turnout": """
        SELECT format('dispute %s, proposal %s: %s of power voted, the base is %s', v.dispute_id,
          v.proposal_id, sum(v.power + v.represented),
          coalesce(max(d.quorum_base), max(p.quorum_base)))
        FROM governance_vote v LEFT JOIN governance_dispute d ON d.id = v.dispute_id
        LEFT JOIN governance_proposal p ON p.id = v.proposal_id
        GROUP BY v.dispute_id, v.proposal_id
        HAVING sum(v.power + v.represented) > coalesce(max(d.quorum_base), max(p.quorum_base))""",
    "9 one wallet, one vote": """
        SELECT format('wallet %s voted %s times on dispute %s, proposal %s', wallet, count(*), dispute_id,
          proposal_id)
        FROM governance_vote GROUP BY wallet, dispute_id, proposal_id HAVING count(*) > 1""",
    "9 dispute numbers": """
        SELECT format('disputes: %s rows, last number %s, counter %s', d.rows, d.last, coalesce(c.last, 0))
        FROM (SELECT count(*) AS rows, coalesce(max(id), 0) AS last FROM governance_dispute) d
        LEFT JOIN staking_counter c ON c.name = 'dispute'
        WHERE d.rows <> d.last OR d.last <> coalesce(c.last, 0)""",
    "9 proposal numbers": """
        SELECT format('proposals: %s rows, last number %s, counter %s', p.rows, p.last, coalesce(c.last, 0))
        FROM (SELECT count(*) AS rows, coalesce(max(id), 0) AS last FROM governance_proposal) p
        LEFT JOIN staking_counter c ON c.name = 'proposal'
        WHERE p.rows <> p.last OR p.last <> coalesce(c.last, 0)""",
    "9 dispute outcomes": """
        SELECT format('dispute %s is %s, its slash %s', d.id, d.status, s.status)
        FROM governance_dispute d JOIN staking_slash s ON s.id = d.slash_id
        WHERE s.status <> CASE d.status WHEN 'voting' THEN 'disputed' WHEN 'upheld' THEN 'executed'
          ELSE 'overturned' END""",
}
