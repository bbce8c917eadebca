"""IFM: applying leaves of anchored epochs to balances (R55)."""

from __future__ import annotations

import itertools

import pytest

from tests.chain.evm import ALICE, BOB, CAROL, GUARDIAN, HOLDER, MALLORY, OWNER, Deployed
from tests.chain.network import EMISSION, INITIAL_SUPPLY, NOBODY, Chain, settlement_on

KINDS = ("minted", "burned", "released")


@pytest.fixture
def token(chain: Chain) -> Deployed:
    """The token; Alice has locked 1,000 µIFM of 1,500."""
    chain.token.send(HOLDER, "transfer", ALICE, 1_500)
    chain.token.send(ALICE, "lock", 1_000)
    return chain.token


def refusal(chain: Chain, leaf: str, anchored: int, **changes: object) -> str:
    """The refusal of Alice's leaf of an epoch, with some arguments changed."""
    names = ("kind", "account", "total", "epoch", "proof")
    arguments = dict(zip(names, chain.proof(leaf, ALICE, anchored), strict=True)) | changes
    return chain.token.refusal(MALLORY, "prove", *arguments.values())


def test_minted_tokens_come_into_balance_and_lock(chain: Chain, token: Deployed) -> None:
    chain.settle(("minted", ALICE, 70))
    receipt = chain.prove("minted", ALICE)
    assert token.events(receipt) == [
        ("Transfer", NOBODY, ALICE.address, 70),
        ("Proven", ALICE.address, 1, "minted", 70, 70),
    ]
    assert chain.state(ALICE) == (1_070, 500)
    assert token.get("balanceOf", ALICE) == 1_570
    assert token.get("totalSupply") == INITIAL_SUPPLY + 70
    assert token.get("minted") == 70


def test_burned_tokens_leave_balance_and_lock(chain: Chain, token: Deployed) -> None:
    chain.settle(("burned", ALICE, 70))
    receipt = chain.prove("burned", ALICE)
    assert token.events(receipt) == [
        ("Transfer", ALICE.address, NOBODY, 70),
        ("Proven", ALICE.address, 1, "burned", 70, 70),
    ]
    assert chain.state(ALICE) == (930, 500)
    assert token.get("totalSupply") == INITIAL_SUPPLY - 70
    assert token.get("burned") == 70


def test_released_tokens_leave_the_lock_and_stay_in_the_balance(chain: Chain, token: Deployed) -> None:
    chain.settle(("released", ALICE, 70))
    receipt = chain.prove("released", ALICE)
    assert token.events(receipt) == [("Proven", ALICE.address, 1, "released", 70, 70)]
    assert chain.state(ALICE) == (930, 570)
    assert token.get("totalSupply") == INITIAL_SUPPLY
    token.send(ALICE, "transfer", BOB, 570)


def test_only_the_growth_of_a_total_takes_effect(chain: Chain, token: Deployed) -> None:
    chain.settle(("minted", ALICE, 70), ("burned", ALICE, 5), ("released", ALICE, 100))
    chain.settle(("minted", ALICE, 90), ("burned", ALICE, 6), ("released", ALICE, 400))
    for kind in KINDS:
        chain.prove(kind, ALICE, 1)
    receipt = chain.prove("minted", ALICE, 3)
    assert token.events(receipt)[1] == ("Proven", ALICE.address, 3, "minted", 20, 90)
    chain.prove("burned", ALICE, 3)
    chain.prove("released", ALICE, 3)
    assert token.get("proven", ALICE) == (90, 6, 400)
    assert chain.state(ALICE) == (1_000 + 90 - 6 - 400, 900)


def test_a_proof_that_was_applied_is_refused(chain: Chain, token: Deployed) -> None:
    chain.settle(*((kind, ALICE, 10) for kind in KINDS))
    for kind in KINDS:
        chain.prove(kind, ALICE)
        assert refusal(chain, kind, 1) == "already applied"
    assert chain.state(ALICE) == (990, 510)


def test_a_later_total_covers_all_before_it(chain: Chain, token: Deployed) -> None:
    chain.settle(*((kind, ALICE, 10) for kind in KINDS))
    chain.settle(*((kind, ALICE, 30) for kind in KINDS))
    for kind in KINDS:
        chain.prove(kind, ALICE, 3)
        assert refusal(chain, kind, 1) == "already applied"
    assert chain.state(ALICE) == (970, 530)


@pytest.mark.parametrize("order", list(itertools.permutations(KINDS)), ids=lambda order: "-".join(order))
@pytest.mark.parametrize(
    ("minted", "burned", "released"),
    [(110, 0, 1_110), (0, 400, 600), (500, 0, 1_500), (5_000, 5_500, 500)],
    ids=["earned and all out", "slashed and all out", "half again", "far more minted and burned than locked"],
)
def test_the_order_of_proofs_does_not_matter(
    chain: Chain, token: Deployed, order: tuple[str, ...], minted: int, burned: int, released: int
) -> None:
    # Several totals can be larger than what is locked until the others are applied: they take effect in part.
    chain.settle(("minted", ALICE, minted), ("burned", ALICE, burned), ("released", ALICE, released))
    for kind in order * 2:
        before = token.get("balanceOf", ALICE), token.get("totalSupply")
        arguments = chain.proof(kind, ALICE, 1)
        applied = dict(zip(KINDS, token.get("proven", ALICE), strict=True))[kind]
        if arguments[2] > applied and (kind == "minted" or token.get("locked", ALICE)):
            token.send(MALLORY, "prove", *arguments)
        else:
            assert token.refusal(MALLORY, "prove", *arguments) in ("already applied", "nothing available")
        after = token.get("balanceOf", ALICE), token.get("totalSupply")
        assert after[0] - before[0] == after[1] - before[1]
    assert token.get("proven", ALICE) == (minted, burned, released)
    assert chain.state(ALICE) == (1_000 + minted - burned - released, 500 + released)


def test_a_total_takes_effect_as_far_as_tokens_are_locked(chain: Chain, token: Deployed) -> None:
    chain.settle(("released", ALICE, 1_300), ("minted", ALICE, 300))
    receipt = chain.prove("released", ALICE)
    assert token.events(receipt) == [("Proven", ALICE.address, 1, "released", 1_000, 1_300)]
    assert chain.state(ALICE) == (0, 1_500)
    assert refusal(chain, "released", 1) == "nothing available"
    chain.prove("minted", ALICE)
    assert chain.state(ALICE) == (300, 1_500)
    receipt = chain.prove("released", ALICE)
    assert token.events(receipt) == [("Proven", ALICE.address, 1, "released", 300, 1_300)]
    assert chain.state(ALICE) == (0, 1_800)


def test_no_more_is_minted_than_the_anchored_epochs_emitted(chain: Chain, token: Deployed) -> None:
    chain.anchor([("minted", ALICE, 700), ("minted", BOB, 700)], emission=1_000)
    chain.anchor(emission=0)
    chain.prove("minted", ALICE)
    receipt = chain.prove("minted", BOB)
    assert token.events(receipt)[1] == ("Proven", BOB.address, 1, "minted", 300, 700)
    assert token.get("minted") == 1_000
    assert token.refusal(MALLORY, "prove", *chain.proof("minted", BOB, 1)) == "nothing available"
    chain.anchor(emission=150)
    chain.prove("minted", BOB, 1)
    assert chain.state(BOB) == (450, 0)
    assert token.get("totalSupply") == INITIAL_SUPPLY + 1_150


def test_a_forged_total_mints_no_more_than_was_emitted(chain: Chain, token: Deployed) -> None:
    chain.settle(("minted", MALLORY, 2**63 - 1), emission=EMISSION)
    chain.prove("minted", MALLORY)
    assert token.get("totalSupply") == INITIAL_SUPPLY + 2 * EMISSION
    assert token.refusal(MALLORY, "prove", *chain.proof("minted", MALLORY, 1)) == "nothing available"


def test_what_was_burned_is_not_minted_for_another(chain: Chain, token: Deployed) -> None:
    chain.anchor([("minted", ALICE, 1_000), ("burned", ALICE, 900), ("minted", MALLORY, 900)], emission=1_000)
    chain.anchor(emission=0)
    chain.prove("minted", ALICE)
    chain.prove("burned", ALICE)
    assert token.refusal(MALLORY, "prove", *chain.proof("minted", MALLORY, 1)) == "nothing available"


def test_the_supply_never_exceeds_63_bits(chain: Chain) -> None:
    token = Deployed(chain.evm, "IFM", OWNER, chain.settlement, HOLDER, 2**63 - 11)
    chain.settle(("minted", ALICE, 50))
    receipt = token.send(MALLORY, "prove", *chain.proof("minted", ALICE, 1))
    assert token.events(receipt)[1] == ("Proven", ALICE.address, 1, "minted", 10, 50)
    assert token.get("totalSupply") == 2**63 - 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("total", [2**63, 2**64 + 5, 2**256 - 1])
def test_totals_beyond_63_bits_are_refused(chain: Chain, token: Deployed, kind: str, total: int) -> None:
    chain.settle((kind, ALICE, total))
    assert refusal(chain, kind, 1) == "total too large"


@pytest.mark.parametrize("kind", KINDS)
def test_a_total_of_zero_changes_nothing(chain: Chain, token: Deployed, kind: str) -> None:
    chain.settle((kind, ALICE, 0))
    assert refusal(chain, kind, 1) == "already applied"


@pytest.mark.parametrize("kind", ["reward", "slash", "Minted", ""])
def test_other_leaves_do_not_move_tokens(chain: Chain, token: Deployed, kind: str) -> None:
    chain.settle((kind, ALICE, 10))
    assert refusal(chain, kind, 1) == "unknown kind"


@pytest.mark.parametrize(
    "changes",
    [
        {"total": 11},
        {"account": MALLORY},
        {"kind": "released"},
        {"epoch": 2},
        {"epoch": 0},
        {"proof": []},
        {"proof": [b"\x07" * 32]},
    ],
    ids=str,
)
def test_a_forged_proof_is_refused(chain: Chain, token: Deployed, changes: dict[str, object]) -> None:
    chain.anchor([("minted", ALICE, 10), ("minted", BOB, 10)])
    chain.anchor([("minted", ALICE, 12)])
    chain.anchor()
    assert refusal(chain, "minted", 1, **changes) == "not proven"


def test_a_proof_waits_for_a_later_epoch(chain: Chain, token: Deployed) -> None:
    chain.anchor([("minted", ALICE, 10)])
    assert refusal(chain, "minted", 1) == "too early"
    assert refusal(chain, "minted", 1, epoch=2**256 - 1) == "too early"
    chain.anchor()
    chain.prove("minted", ALICE, 1)


def test_a_proof_waits_for_the_delay(chain: Chain) -> None:
    settlement = settlement_on(chain.evm, delay=3_600)
    token = Deployed(chain.evm, "IFM", OWNER, settlement, HOLDER, 0)
    chain.anchor([("minted", ALICE, 10)], settlement=settlement)
    chain.evm.advance(24 * 3_600)
    chain.anchor(settlement=settlement)
    proof = chain.proof("minted", ALICE, 1)
    assert token.refusal(MALLORY, "prove", *proof) == "too early"
    chain.evm.advance(3_600)
    token.send(MALLORY, "prove", *proof)


def test_proofs_rest_while_the_settlement_is_paused(chain: Chain, token: Deployed) -> None:
    chain.settle(("released", ALICE, 10))
    chain.settlement.send(GUARDIAN, "pause")
    assert refusal(chain, "released", 1) == "paused"
    token.send(ALICE, "transfer", BOB, 1)
    token.send(ALICE, "lock", 1)
    chain.settlement.send(OWNER, "resume")
    chain.prove("released", ALICE)


def test_a_wrong_root_that_was_revoked_moves_no_tokens(chain: Chain, token: Deployed) -> None:
    chain.anchor(emission=100)
    chain.anchor([("minted", MALLORY, 10**12), ("burned", ALICE, 1_000)], emission=10**12)
    forged = chain.proof("minted", MALLORY, 2)
    chain.settlement.send(GUARDIAN, "pause")
    chain.settlement.send(OWNER, "revoke", 1, 100)
    chain.settlement.send(OWNER, "resume")
    chain.anchor([("minted", ALICE, 60)], emission=0)
    chain.anchor(emission=0)
    assert token.refusal(MALLORY, "prove", *forged) == "not proven"
    chain.prove("minted", ALICE)
    assert token.get("minted") == 60


def test_nothing_is_minted_above_emissions_that_were_revoked(chain: Chain, token: Deployed) -> None:
    chain.anchor([("minted", ALICE, 60)], emission=100)
    chain.anchor(emission=0)
    chain.prove("minted", ALICE, 1)
    chain.settlement.send(GUARDIAN, "pause")
    chain.settlement.send(OWNER, "revoke", 1, 50)
    chain.settlement.send(OWNER, "resume")
    chain.anchor([("minted", CAROL, 1)], emission=0)
    chain.anchor(emission=0)
    assert token.refusal(MALLORY, "prove", *chain.proof("minted", CAROL, 2)) == "nothing available"


def test_a_wallet_without_deposits_receives_what_it_earned(chain: Chain, token: Deployed) -> None:
    chain.settle(("minted", CAROL, 80), ("released", CAROL, 30))
    chain.prove("minted", CAROL)
    chain.prove("released", CAROL)
    assert chain.state(CAROL) == (50, 30)


def test_another_networks_proofs_are_refused(chain: Chain, token: Deployed) -> None:
    other = settlement_on(chain.evm)
    chain.anchor([("minted", MALLORY, 10)], settlement=other)
    chain.anchor(settlement=other)
    foreign = chain.proof("minted", MALLORY, 1)
    chain.anchor()
    chain.trees.pop(2)
    chain.anchor()
    assert token.refusal(MALLORY, "prove", *foreign) == "not proven"


def test_a_revoked_or_missing_proof_leaves_no_trace(chain: Chain, token: Deployed) -> None:
    chain.settle(("burned", ALICE, 10))
    refusal(chain, "burned", 1, total=11)
    assert token.get("proven", ALICE) == (0, 0, 0)
    assert chain.state(ALICE) == (1_000, 500)
