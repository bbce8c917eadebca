"""Audit checks of ledger, nodes, epochs and slashes (section 14): statements that return a sentence per wrong row.

`since` is the first epoch whose transactions are read again, `receipts_since` the first whose receipts are; `number` and `transaction` are the journal's
number and transaction id at its opening.
"""

from __future__ import annotations

from ledger.numbering import CONTENT, FIRST_HASH

CHECKS: dict[str, str] = {
    "1 journal numbers": """
        SELECT format('transaction %s: number %s, the former one is %s of transaction %s', transaction_id, number,
          former, earlier)
        FROM (
          SELECT number, transaction_id, coalesce(lag(number) OVER journal, greatest(%(number)s - 1, 0)) AS former,
            coalesce(lag(transaction_id) OVER journal, 0) AS earlier
          FROM ledger_journalnumber WHERE number >= %(number)s WINDOW journal AS (ORDER BY number)
        ) j WHERE number <> former + 1 OR transaction_id <= earlier""",
    "1 journal hashes": f"""
        SELECT format('transaction %s: number %s, its content or the one before does not match its hash',
          coalesce(t.id, j.transaction_id), coalesce(j.number::text, 'missing'))
        FROM ({CONTENT.format(after="%(transaction)s")}) t
        FULL JOIN (
          SELECT number, transaction_id, hash,
            coalesce(lag(hash) OVER (ORDER BY number), decode('{FIRST_HASH.hex()}', 'hex')) AS former
          FROM ledger_journalnumber WHERE number >= %(number)s
        ) j ON j.transaction_id = t.id
        WHERE coalesce(t.id, j.transaction_id) > %(transaction)s
          AND coalesce(t.id, j.transaction_id) <= (SELECT max(transaction_id) FROM ledger_journalnumber)
          AND j.hash IS DISTINCT FROM sha256(j.former || t.content)""",
    "1 journal heads": """
        SELECT format('epoch %s: number %s and hash %s, the journal has %s', z.number, z.journal_last,
          z.journal_hash, coalesce('0x' || encode(j.hash, 'hex'), 'none'))
        FROM staking_epoch z LEFT JOIN ledger_journalnumber j ON j.number = z.journal_last
        WHERE z.status = 'settled' AND z.journal_last IS DISTINCT FROM 0
          AND z.journal_hash IS DISTINCT FROM '0x' || encode(j.hash, 'hex')""",
    "1 balanced transactions": """
        SELECT format('transaction %s (%s): entries sum to %s over %s rows', t.id, t.kind, coalesce(e.total, 0), coalesce(e.rows, 0))
        FROM ledger_transaction t
        LEFT JOIN (SELECT transaction_id, sum(amount) AS total, count(*) AS rows FROM ledger_entry GROUP BY 1) e
          ON e.transaction_id = t.id
        WHERE coalesce(e.total, 1) <> 0 OR coalesce(e.rows, 0) < 2""",
    "1 conservation": """
        SELECT format('all accounts sum to %s', sum(balance)) FROM ledger_account HAVING sum(balance) <> 0""",
    "2 balances": """
        SELECT format('account %s: balance %s, entries %s', a.name, a.balance, coalesce(e.total, 0))
        FROM ledger_account a
        LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_entry GROUP BY 1) e ON e.account_id = a.id
        WHERE a.balance <> coalesce(e.total, 0)""",
    "3 nothing below zero": """
        SELECT format('account %s: %s', name, balance) FROM ledger_account WHERE balance < 0 AND name NOT IN ('issuance', 'custody')""",
    "4 stake, pools and buckets": """
        SELECT format('%s: ledger %s, rows %s', coalesce(d.name, a.name), coalesce(a.balance, 0), coalesce(d.amount, 0))
        FROM (
          SELECT 'stake:' || address AS name, self_stake AS amount FROM staking_node
          UNION ALL SELECT 'pool:' || n.address, p.tokens FROM staking_pool p JOIN staking_node n ON n.id = p.node_id
          UNION ALL SELECT 'unbonding:' || n.address, sum(b.tokens)::bigint
            FROM staking_bucket b JOIN staking_node n ON n.id = b.node_id GROUP BY n.address
        ) d
        FULL JOIN (SELECT name, balance FROM ledger_account WHERE name ~ '^(stake|pool|unbonding):') a ON a.name = d.name
        WHERE coalesce(a.balance, 0) <> coalesce(d.amount, 0)""",
    "4 bucket shares": """
        SELECT format('bucket %s: shares %s, open entries %s', b.id, b.shares, coalesce(u.shares, 0))
        FROM staking_bucket b
        LEFT JOIN (SELECT bucket_id, sum(shares) AS shares FROM staking_unbonding WHERE status = 'open' GROUP BY 1) u
          ON u.bucket_id = b.id
        WHERE b.shares <> coalesce(u.shares, 0) OR (b.shares = 0 AND b.tokens <> 0)""",
    "7 one open epoch": """
        SELECT format('%s epochs are open', count(*)) FROM staking_epoch WHERE status <> 'settled'
        HAVING count(*) <> 1 AND EXISTS (SELECT FROM staking_epoch)""",
    "7 contiguous epochs": """
        SELECT format('epoch %s starts at %s, the former ends at %s', number, start, former)
        FROM (SELECT number, start, lag("end") OVER (ORDER BY number) AS former,
                lag(number) OVER (ORDER BY number) AS before FROM staking_epoch) e
        WHERE (former IS NOT NULL AND (former <> start OR before <> number - 1)) OR (former IS NULL AND number <> 1)""",
    "7 rewards and carry": """
        SELECT format('epoch %s: pool %s, rewards %s, distributed %s, carry %s', e.number, e.pool,
          coalesce(r.rewards, 0), e.distributed, e.carry)
        FROM staking_epoch e
        LEFT JOIN (SELECT epoch, sum(reward) AS rewards, sum(operator_reward + delegators_reward) AS split,
                     sum(slashed) AS slashed, count(*) AS nodes FROM staking_nodeepoch GROUP BY epoch) r ON r.epoch = e.number
        WHERE e.status = 'settled' AND (e.pool <> e.carry_in + e.minted OR e.pool <> e.distributed + e.carry
          OR e.distributed <> coalesce(r.rewards, 0) OR coalesce(r.rewards, 0) <> coalesce(r.split, 0)
          OR e.slashed <> coalesce(r.slashed, 0))""",
    "8 slashes": """
        SELECT format('slash %s: slashed %s, burned %s + honest %s + returned %s', id, slashed, burned, honest, returned)
        FROM staking_slash
        WHERE slashed <> burned + honest + returned OR slashed <> self_slashed + delegated_slashed
          OR (status <> 'executed' AND slashed <> 0)""",
    "8 slash numbers": """
        SELECT format('slashes: %s rows, last number %s, counter %s', s.rows, s.last, coalesce(c.last, 0))
        FROM (SELECT count(*) AS rows, coalesce(max(id), 0) AS last FROM staking_slash) s
        LEFT JOIN staking_counter c ON c.name = 'slash'
        WHERE s.rows <> s.last OR s.last <> coalesce(c.last, 0)""",
    "8 parts of slashes": """
        SELECT format('slash %s: took %s and %s, returned %s; its parts say %s, %s, %s', s.id, s.self_slashed,
          s.delegated_slashed, s.returned, coalesce(k.own, 0), coalesce(k.delegated, 0), coalesce(k.returned, 0))
        FROM staking_slash s
        LEFT JOIN (SELECT slash_id, sum(taken) FILTER (WHERE kind = 'self') AS own,
            sum(taken) FILTER (WHERE kind = 'delegated') AS delegated, sum(returned) AS returned
          FROM staking_slashpart GROUP BY slash_id) k ON k.slash_id = s.id
        WHERE s.self_slashed <> coalesce(k.own, 0) OR s.delegated_slashed <> coalesce(k.delegated, 0)
          OR s.returned <> coalesce(k.returned, 0)""",
    "8 burned": """
        SELECT format('burned: ledger %s, slashes %s', l.burned, s.burned)
        FROM (SELECT coalesce(sum(balance), 0) AS burned FROM ledger_account WHERE name = 'burned') l,
             (SELECT coalesce(sum(burned), 0) AS burned FROM staking_slash) s
        WHERE l.burned <> s.burned""",
    "7 shares of the pool": """
        SELECT format('node %s in epoch %s: reward %s, its weight earns %s', w.node_id, w.epoch, w.reward,
          coalesce(w.due, 0))
        FROM (SELECT n.epoch, n.node_id, n.reward,
                div(z.pool * n.weight, nullif(sum(n.weight) OVER (PARTITION BY n.epoch), 0)) AS due
              FROM staking_nodeepoch n JOIN staking_epoch z ON z.number = n.epoch WHERE n.epoch >= %(since)s) w
        WHERE w.reward <> coalesce(w.due, 0)""",
    "R56 custody": """
        SELECT format('custody %s, deposited less released %s', l.balance, t.inside)
        FROM (SELECT coalesce(sum(balance), 0) AS balance FROM ledger_account WHERE name = 'custody') l,
             (SELECT coalesce(sum(deposited - released), 0) AS inside FROM staking_tokenaccount) t
        WHERE l.balance <> -t.inside""",
    "R55 exits": """
        SELECT format('exits %s, exits not executed %s', l.balance, e.amount)
        FROM (SELECT coalesce(sum(balance), 0) AS balance FROM ledger_account WHERE name = 'exits') l,
             (SELECT coalesce(sum(amount), 0) AS amount FROM staking_exit WHERE status = 'recorded') e
        WHERE l.balance <> e.amount""",
    "R55 released": """
        SELECT format('%s: released %s, exits %s', t.wallet, t.released, coalesce(e.amount, 0))
        FROM staking_tokenaccount t
        LEFT JOIN (SELECT wallet, sum(amount) AS amount FROM staking_exit WHERE status = 'released' GROUP BY 1) e
          ON e.wallet = t.wallet
        WHERE t.released <> coalesce(e.amount, 0)""",
    "10 tiers": """
        SELECT format('node %s in epoch %s: tier %s, its active stake makes %s', e.node_id, e.epoch, e.tier, t.tier)
        FROM staking_nodeepoch e JOIN staking_epoch z ON z.number = e.epoch
        JOIN staking_parameterset p ON p.version = z.parameters_id
        CROSS JOIN LATERAL (SELECT max((row->>'number')::int) AS tier FROM jsonb_array_elements(p.values->'tiers') row
          WHERE (row->>'minimum')::numeric * 1000000 <= e.active_stake::numeric + e.active_pool) t
        WHERE e.epoch >= %(since)s AND e.tier <> t.tier""",
    "10 counters": """
        SELECT format('node %s in epoch %s: counted %s accepted, %s good; receipts say %s, %s', e.node_id, e.epoch,
          e.accepted, e.good, coalesce(r.accepted, 0), coalesce(r.good, 0))
        FROM staking_nodeepoch e
        LEFT JOIN (SELECT epoch, node_id, count(*) FILTER (WHERE outcome <> 2) AS accepted,
                     count(*) FILTER (WHERE good) AS good FROM staking_receipt WHERE epoch >= %(receipts_since)s GROUP BY 1, 2) r
          ON r.epoch = e.epoch AND r.node_id = e.node_id
        WHERE e.epoch >= %(receipts_since)s AND (e.accepted <> coalesce(r.accepted, 0) OR e.good <> coalesce(r.good, 0))""",
    "10 demand": """
        SELECT format('epoch %s: %s jobs asked from %s, receipts say %s', coalesce(d.epoch, r.epoch),
          coalesce(d.jobs, 0), coalesce(d.region, r.region), coalesce(r.jobs, 0))
        FROM (SELECT epoch, region, sum(jobs) AS jobs FROM staking_demand WHERE epoch >= %(receipts_since)s GROUP BY 1, 2) d
        FULL JOIN (SELECT epoch, region, count(*) AS jobs FROM staking_receipt
                   WHERE epoch >= %(receipts_since)s AND outcome <> 2 GROUP BY 1, 2) r ON r.epoch = d.epoch AND r.region = d.region
        WHERE coalesce(d.jobs, 0) <> coalesce(r.jobs, 0)""",
    "10 standing": """
        SELECT format('node %s: banned %s, slashes say %s; cooldown until %s, slashes say %s', n.address, n.banned,
          coalesce(s.ban, false), n.cooldown_until, coalesce(s.until, 0))
        FROM staking_node n
        LEFT JOIN (SELECT node_id, bool_or(ban) AS ban, max(cooldown_until) AS until
                   FROM staking_slash WHERE status <> 'overturned' GROUP BY 1) s ON s.node_id = n.id
        WHERE n.banned <> coalesce(s.ban, false) OR n.cooldown_until <> coalesce(s.until, 0)""",
}
