"""Audit of deposits (R56). Each check is one statement that answers with a sentence for each row that is
off; whether the chain still has what was read is for `manage.py audit`, which asks a node."""

from __future__ import annotations

CHECKS: dict[str, str] = {
    "R56 deposits": """
        SELECT format('deposit %s of %s to %s: the ledger has %s to %s', coalesce(d.index::text, p.reference), d.amount, d.wallet, p.amount, p.name)
        FROM chain_deposit d
        FULL JOIN (SELECT t.id, t.key, t.reference, e.amount, a.name FROM ledger_transaction t
                   JOIN ledger_entry e ON e.transaction_id = t.id AND e.amount > 0 JOIN ledger_account a ON a.id = e.account_id
                   WHERE t.kind = 'token_deposit') p ON p.id = d.posting
        WHERE d.index IS NULL OR p.id IS NULL OR p.key <> 'lock:' || d.index OR p.amount <> d.amount
          OR p.name <> 'wallet:' || d.wallet""",
    "R56 cursor": """
        SELECT format('%s deposits are credited, the last has the number %s, and the cursor counts %s', d.rows, d.last, coalesce(c.count, 0))
        FROM (SELECT count(*) AS rows, max(index) AS last FROM chain_deposit) d LEFT JOIN chain_mirrorcursor c ON c.id = 1
        WHERE d.rows <> coalesce(c.count, 0) OR coalesce(d.last, -1) <> coalesce(c.count, 0) - 1""",
    "R56 deposited": """
        SELECT format('wallet %s: %s deposited, deposits %s', coalesce(t.wallet, d.wallet), coalesce(t.deposited, 0), coalesce(d.amount, 0))
        FROM staking_tokenaccount t
        FULL JOIN (SELECT wallet, sum(amount) AS amount FROM chain_deposit GROUP BY wallet) d ON d.wallet = t.wallet
        WHERE coalesce(t.deposited, 0) <> coalesce(d.amount, 0)""",
}
