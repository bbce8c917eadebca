"""What must always hold of deposits and votes (section 14, item 9)."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "9 deposits": """
        SELECT format('deposits: ledger %s, running disputes %s', l.held, d.held)
        FROM (SELECT coalesce(sum(balance), 0) AS held FROM ledger_account WHERE name = 'deposits') l,
             (SELECT coalesce(sum(deposit), 0) AS held FROM governance_dispute WHERE status = 'voting') d
        WHERE l.held <> d.held""",
    "9 voting power": """
        SELECT format('dispute %s, proposal %s: %s of power voted, the base is %s', v.dispute_id, v.proposal_id,
          sum(v.power), coalesce(max(d.quorum_base), max(p.quorum_base)))
        FROM governance_vote v LEFT JOIN governance_dispute d ON d.id = v.dispute_id
        LEFT JOIN governance_proposal p ON p.id = v.proposal_id
        GROUP BY v.dispute_id, v.proposal_id
        HAVING sum(v.power) > coalesce(max(d.quorum_base), max(p.quorum_base))""",
    "9 one wallet, one vote": """
        SELECT format('wallet %s voted %s times on dispute %s, proposal %s', wallet, count(*), dispute_id, proposal_id)
        FROM governance_vote GROUP BY wallet, dispute_id, proposal_id HAVING count(*) > 1""",
}
