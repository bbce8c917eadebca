"""IFM: allowances and locks by a signature (EIP-2612)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account as Wallet

from tests.chain.evm import ALICE, BOB, CAROL, CHAIN_ID, HOLDER, MALLORY, Account, Deployed, PyEvm
from tests.chain.network import NOBODY, Chain

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
INVALID = "invalid signature"


@pytest.fixture
def token(chain: Chain) -> Deployed:
    """The token; Alice has 1,000 µIFM."""
    chain.token.send(HOLDER, "transfer", ALICE, 1_000)
    return chain.token


def typed_data(token: Deployed, **message: Any) -> dict[str, Any]:
    """Return the typed data that a wallet shows and signs."""
    fields = {
        "owner": "address",
        "spender": "address",
        "value": "uint256",
        "nonce": "uint256",
        "deadline": "uint256",
    }
    domain = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    return {
        "primaryType": "Permit",
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain.items()],
            "Permit": [{"name": name, "type": kind} for name, kind in fields.items()],
        },
        "domain": {
            "name": "InfraMind",
            "version": "1",
            "chainId": token.evm.chain_id,
            "verifyingContract": token.address,
        },
        "message": message,
    }


def signature(
    token: Deployed,
    signer: Account,
    spender: Any,
    value: int,
    *,
    nonce: int = 0,
    deadline: int | None = None,
    domain: dict[str, Any] | None = None,
) -> tuple[int, int, bytes, bytes]:
    """Deadline, v, r and s of a permit that an independent wallet signed."""
    deadline = token.evm.now() + 3_600 if deadline is None else deadline
    data = typed_data(
        token, owner=signer.address, spender=spender.address, value=value, nonce=nonce, deadline=deadline
    )
    data["domain"].update(domain or {})
    signed = Wallet.sign_typed_data(signer.key, full_message=data)
    return deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def test_the_functions_are_those_of_the_standard(token: Deployed) -> None:
    permit = token.contract.call("permit", ALICE.address, BOB.address, 1, 1, 27, bytes(32), bytes(32))
    assert permit[:4].hex() == "d505accf"
    assert token.contract.call("DOMAIN_SEPARATOR").hex() == "3644e515"
    assert token.contract.call("nonces", ALICE.address)[:4].hex() == "7ecebe00"


def test_a_permit_sets_an_allowance(token: Deployed) -> None:
    receipt = token.send(MALLORY, "permit", ALICE, BOB, 300, *signature(token, ALICE, BOB, 300))
    assert token.events(receipt) == [("Approval", ALICE.address, BOB.address, 300)]
    assert token.get("allowance", ALICE, BOB) == 300
    assert token.get("nonces", ALICE) == 1
    token.send(BOB, "transferFrom", ALICE, CAROL, 300)


def test_a_permit_for_the_token_locks(token: Deployed) -> None:
    receipt = token.send(MALLORY, "lock_with_permit", ALICE, 300, *signature(token, ALICE, token, 300))
    assert token.events(receipt) == [("Locked", 0, ALICE.address, 300)]
    assert token.get("locked", ALICE) == 300
    assert token.get("locked", MALLORY) == 0
    assert token.get("nonces", ALICE) == 1
    assert token.get("allowance", ALICE, token) == 0


def test_a_permit_is_good_once(token: Deployed) -> None:
    lock = (ALICE, 300, *signature(token, ALICE, token, 300))
    token.send(MALLORY, "lock_with_permit", *lock)
    assert token.refusal(MALLORY, "lock_with_permit", *lock) == INVALID
    permit = (ALICE, BOB, 300, *signature(token, ALICE, BOB, 300, nonce=1))
    token.send(MALLORY, "permit", *permit)
    assert token.refusal(MALLORY, "permit", *permit) == INVALID
    assert token.get("locked", ALICE) == 300


def test_a_permit_for_a_later_turn_waits(token: Deployed) -> None:
    later = (ALICE, 100, *signature(token, ALICE, token, 100, nonce=1))
    assert token.refusal(MALLORY, "lock_with_permit", *later) == INVALID
    token.send(MALLORY, "lock_with_permit", ALICE, 100, *signature(token, ALICE, token, 100))
    token.send(MALLORY, "lock_with_permit", *later)
    assert token.get("locked", ALICE) == 200


def test_nobody_uses_up_a_signature_that_was_made_to_lock(token: Deployed) -> None:
    deadline, v, r, s = signature(token, ALICE, token, 300)
    assert token.refusal(MALLORY, "permit", ALICE, token, 300, deadline, v, r, s) == "use lock_with_permit"
    token.send(MALLORY, "lock_with_permit", ALICE, 300, deadline, v, r, s)


def test_a_permit_for_a_spender_does_not_lock(token: Deployed) -> None:
    assert token.refusal(BOB, "lock_with_permit", ALICE, 300, *signature(token, ALICE, BOB, 300)) == INVALID


def test_a_permit_expires(token: Deployed) -> None:
    now = token.evm.now()
    expired = signature(token, ALICE, token, 1, deadline=now - 1)
    assert token.refusal(MALLORY, "lock_with_permit", ALICE, 1, *expired) == "permit expired"
    assert token.refusal(MALLORY, "permit", ALICE, BOB, 1, now - 1, *expired[1:]) == "permit expired"
    late = signature(token, ALICE, token, 1, deadline=now + 600)
    token.evm.advance(601)
    assert token.refusal(MALLORY, "lock_with_permit", ALICE, 1, *late) == "permit expired"
    token.send(MALLORY, "lock_with_permit", ALICE, 1, *signature(token, ALICE, token, 1, deadline=2**256 - 1))


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": 1},
        {"verifyingContract": BOB.address},
        {"name": "InfraMind2"},
        {"version": "2"},
    ],
    ids=str,
)
def test_a_permit_for_another_token_or_chain_is_refused(token: Deployed, domain: dict[str, Any]) -> None:
    foreign = signature(token, ALICE, token, 300, domain=domain)
    assert token.refusal(MALLORY, "lock_with_permit", ALICE, 300, *foreign) == INVALID


def test_the_domain_follows_the_chain_id(chain: Chain) -> None:
    other = Chain(PyEvm(chain_id=4242))
    other.token.send(HOLDER, "transfer", ALICE, 1_000)
    foreign = signature(other.token, ALICE, other.token, 300, domain={"chainId": CHAIN_ID})
    assert other.token.refusal(MALLORY, "lock_with_permit", ALICE, 300, *foreign) == INVALID
    other.token.send(
        MALLORY, "lock_with_permit", ALICE, 300, *signature(other.token, ALICE, other.token, 300)
    )


@pytest.mark.parametrize("changed", ["owner", "amount", "deadline", "v", "r", "s"])
def test_an_altered_permit_is_refused(token: Deployed, changed: str) -> None:
    deadline, v, r, s = signature(token, ALICE, token, 300)
    values: dict[str, Any] = {"owner": ALICE, "amount": 300, "deadline": deadline, "v": v, "r": r, "s": s}
    values[changed] = {
        "owner": HOLDER,
        "amount": 301,
        "deadline": deadline + 1,
        "v": 55 - v,
        "r": bytes([r[0] ^ 1]) + r[1:],
        "s": s[:-1] + bytes([s[-1] ^ 1]),
    }[changed]
    assert token.refusal(MALLORY, "lock_with_permit", *values.values()) == INVALID
    assert token.get("locked", ALICE) == 0


@pytest.mark.parametrize("v", [0, 1, 26, 29, 255])
def test_only_27_and_28_are_recovery_values(token: Deployed, v: int) -> None:
    deadline, _, r, s = signature(token, ALICE, token, 300)
    assert token.refusal(MALLORY, "lock_with_permit", ALICE, 300, deadline, v, r, s) == INVALID


def test_the_twin_of_a_signature_is_refused(token: Deployed) -> None:
    deadline, v, r, s = signature(token, ALICE, token, 300)
    twin = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    assert token.refusal(MALLORY, "lock_with_permit", ALICE, 300, deadline, 55 - v, r, twin) == INVALID


@pytest.mark.parametrize("r", [bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32])
def test_the_zero_address_signs_nothing(token: Deployed, r: bytes) -> None:
    deadline = token.evm.now() + 60
    for v in (0, 27, 28):
        arguments = (deadline, v, r, b"\x01" * 32)
        assert token.refusal(MALLORY, "lock_with_permit", NOBODY, 0, *arguments) == INVALID
        assert token.refusal(MALLORY, "permit", NOBODY, MALLORY, 5, *arguments) == INVALID


def test_a_permit_locks_no_more_than_there_is(token: Deployed) -> None:
    permit = signature(token, ALICE, token, 1_001)
    assert (
        token.refusal(MALLORY, "lock_with_permit", ALICE, 1_001, *permit)
        == "insufficient transferable balance"
    )
    assert token.get("nonces", ALICE) == 0
    nothing = signature(token, ALICE, token, 0)
    assert token.refusal(MALLORY, "lock_with_permit", ALICE, 0, *nothing) == "nothing to lock"
