"""Step 13: execute the exits of the epoch, and sum them in leaves for the chain (R55).

Figure: the same with 1,000 exits
"""

from __future__ import annotations

from django.db import connection

from ledger import accounts
from ledger.posting import post
from protocol.exits import NOTHING, TokenSums, sums_after_exit
from settlement.inputs import record
from settlement.state import Settlement
from staking.models import Event, Exit, ExitSums, TokenAccount

# Every wallet with an exit in the epoch: what it took out, everything it has after that, and its former sums.
DUE = """
SELECT d.wallet, d.amount,
  coalesce((SELECT a.balance FROM ledger_account a WHERE a.name = 'wallet:' || d.wallet), 0)
  + coalesce((SELECT sum(n.self_stake) FROM staking_node n WHERE n.operator = d.wallet), 0)
  + coalesce((SELECT sum(div(x.shares * p.tokens, p.shares)) FROM delegation_position x
              JOIN staking_pool p ON p.node_id = x.node_id AND p.generation = x.generation
              WHERE x.wallet = d.wallet AND p.shares > 0), 0)
  + coalesce((SELECT sum(div(u.shares * b.tokens, b.shares)) FROM staking_unbonding u
              JOIN staking_bucket b ON b.id = u.bucket_id
              WHERE u.wallet = d.wallet AND u.status = 'open' AND b.shares > 0), 0),
  t.deposited, t.minted, t.burned, t.released
FROM (SELECT wallet, sum(amount) AS amount FROM staking_exit
      WHERE epoch = %s AND status = 'recorded' GROUP BY wallet) d
LEFT JOIN staking_tokenaccount t ON t.wallet = d.wallet
ORDER BY d.wallet
"""


def execute_exits(settlement: Settlement) -> None:
    """Step 13. Move the tokens of all exits to `custody`, and compute the sums that the epoch's tree proves (R55)."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, [settlement.number])
        due = cursor.fetchall()
    if not due:
        return
    amounts, accounts_after = {}, []
    for wallet, amount, total, deposited, *former in due:
        amounts[wallet] = int(amount)
        deposited = deposited or 0
        sums = NOTHING if former[0] is None else TokenSums(*former)
        record(
            settlement, "exit", wallet=wallet, amount=int(amount), total=int(total), deposited=deposited,
            **sums._asdict(),
        )  # fmt: skip
        sums = sums_after_exit(sums, int(amount), total=int(total), deposited=deposited)
        settlement.exits[wallet] = sums
        accounts_after.append(TokenAccount(wallet=wallet, deposited=deposited, **sums._asdict()))
    _post(settlement, sum(amounts.values()))
    TokenAccount.objects.bulk_create(
        accounts_after, update_conflicts=True, unique_fields=["wallet"], update_fields=list(TokenSums._fields)
    )
    ExitSums.objects.bulk_create(
        ExitSums(epoch=settlement.number, wallet=wallet, **sums._asdict())
        for wallet, sums in settlement.exits.items()
    )
    Exit.objects.filter(epoch=settlement.number).update(status=Exit.Status.RELEASED)
    Event.objects.bulk_create(_event(settlement, wallet, amount) for wallet, amount in amounts.items())


def _post(settlement: Settlement, amount: int) -> None:
    post(
        kind="exits",
        moves={accounts.EXITS: -amount, accounts.CUSTODY: amount},
        at=settlement.now,
        epoch=settlement.number,
        reference=f"epoch:{settlement.number}",
        key=f"exits:{settlement.number}",
    )


def _event(settlement: Settlement, wallet: str, amount: int) -> Event:
    return Event(
        kind="exit_released",
        at=settlement.now,
        epoch=settlement.number,
        wallet=wallet,
        data={"amount": amount},
    )
