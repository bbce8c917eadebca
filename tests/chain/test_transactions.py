"""RLP and signed transactions against rlp and eth-account, independent implementations."""

from __future__ import annotations

from typing import Any

import rlp
from eth_account import Account
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from chain import transactions
from chain.transactions import Transaction, contract_address, sign
from protocol.addresses import keccak256

KEY = keccak256(b"a wallet of the tests")
ITEMS = st.recursive(
    st.integers(0, 2**256 - 1) | st.binary(max_size=80),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)
TRANSACTIONS = st.builds(
    Transaction,
    chain_id=st.integers(1, 2**32),
    nonce=st.integers(0, 2**32),
    max_priority_fee_per_gas=st.integers(0, 2**64),
    max_fee_per_gas=st.integers(0, 2**64),
    gas=st.integers(21_000, 2**32),
    to=st.none() | st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex()),
    value=st.integers(0, 2**128),
    data=st.binary(max_size=300),
)


@given(ITEMS)
def test_rlp_equals_that_of_the_reference(item: Any) -> None:
    assert transactions.rlp(item) == rlp.encode(item)


def test_rlp_of_long_items_equals_that_of_the_reference() -> None:
    for item in (b"x" * 55, b"x" * 56, b"x" * 70_000, [b"x" * 54], [b"x" * 55], list(range(9_000))):
        assert transactions.rlp(item) == rlp.encode(item)


@given(TRANSACTIONS, st.binary(min_size=32, max_size=32).filter(lambda key: 0 < int.from_bytes(key) < 2**255))
def test_signed_transactions_equal_those_of_eth_account(transaction: Transaction, key: bytes) -> None:
    fields = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "maxPriorityFeePerGas": transaction.max_priority_fee_per_gas,
        "maxFeePerGas": transaction.max_fee_per_gas,
        "gas": transaction.gas,
        "to": to_checksum_address(transaction.to) if transaction.to else b"",
        "value": transaction.value,
        "data": transaction.data,
        "type": 2,
    }
    signed, reference = sign(transaction, key), Account.sign_transaction(fields, key)
    assert signed.raw == bytes(reference.raw_transaction)
    assert signed.hash == "0x" + bytes(reference.hash).hex()


def test_a_signature_is_the_same_every_time() -> None:
    transaction = Transaction(31337, 1, 1, 2, 21_000, None, 0, b"")
    assert sign(transaction, KEY) == sign(transaction, KEY)


def test_contract_addresses_follow_from_sender_and_nonce() -> None:
    # The first four of the example in EIP-1014's predecessor, used by every client's tests.
    sender = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"
    assert [contract_address(sender, nonce) for nonce in range(4)] == [
        "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
        "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8",
        "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
        "0xfffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c",
    ]
