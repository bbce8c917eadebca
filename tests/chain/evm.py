"""Two EVMs behind one interface: py-evm in this process, and any development node over JSON-RPC (anvil)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from eth.chains.base import MiningChain
from eth.constants import BLANK_ROOT_HASH, POST_MERGE_NONCE, ZERO_HASH32
from eth.db.atomic import AtomicDB
from eth.vm.forks.prague import PragueVM
from eth.vm.spoof import SpoofTransaction

from chain.abi import AbiError, decode, selector
from chain.contracts import Contract, load
from chain.rpc import Rpc, RpcRefused
from chain.transactions import Transaction, sign
from protocol.addresses import keccak256
from protocol.signatures import address_of_private_key

CHAIN_ID = 31337
GAS = 10_000_000
START = 1_800_000_000


class Account:
    """An account of the tests: its key follows from its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = keccak256(name.encode())
        self.address = address_of_private_key(self.key)

    def __repr__(self) -> str:
        return self.name


OWNER, ORACLE, GUARDIAN, HOLDER, ALICE, BOB, CAROL, MALLORY = ACCOUNTS = tuple(
    map(Account, ("owner", "oracle", "guardian", "holder", "alice", "bob", "carol", "mallory"))
)


class Reverted(Exception):
    """A contract refused a call, with this reason; "" when it gave none."""


@dataclass
class Receipt:
    gas: int
    logs: list[dict[str, Any]] = field(default_factory=list)
    contract: str = ""


class Evm(Protocol):
    chain_id: int

    def send(self, sender: Account, to: str | None, data: bytes) -> Receipt: ...
    def call(self, to: str | None, data: bytes, sender: str) -> bytes: ...
    def advance(self, seconds: int) -> None: ...
    def now(self) -> int: ...
    def snapshot(self) -> Any: ...
    def restore(self, snapshot: Any) -> None: ...


class PyEvm:
    """One long block of py-evm, without signatures and fees; gas is exact."""

    def __init__(self, chain_id: int = CHAIN_ID) -> None:
        self.chain_id = chain_id
        kind = type("Chain", (MiningChain,), {"chain_id": chain_id, "vm_configuration": ((0, PragueVM),)})
        genesis = {
            "coinbase": bytes(20),
            "difficulty": 0,
            "extra_data": b"",
            "gas_limit": 30_000_000,
            "mix_hash": ZERO_HASH32,
            "nonce": POST_MERGE_NONCE,
            "receipt_root": BLANK_ROOT_HASH,
            "timestamp": START,
            "transaction_root": BLANK_ROOT_HASH,
        }
        self._chain = kind.from_genesis(AtomicDB(), genesis, {})
        header = self._chain.create_header_from_parent(self._chain.get_canonical_head(), timestamp=START + 1)
        self._header = header.copy(base_fee_per_gas=0)
        self.restore((header.state_root, START + 1))

    def send(self, sender: Account, to: str | None, data: bytes) -> Receipt:
        transaction = self._transaction(sender.address, to, data)
        computation = self._vm.state.apply_transaction(transaction)
        gas = self._vm.finalize_gas_used(transaction, computation)
        self._vm.state.lock_changes()
        self._check(computation)
        logs = [
            {
                "address": "0x" + address.hex(),
                "topics": [f"0x{topic:064x}" for topic in topics],
                "data": "0x" + log.hex(),
            }
            for address, topics, log in computation.get_log_entries()
        ]
        return Receipt(gas, logs, "0x" + computation.msg.storage_address.hex())

    def call(self, to: str | None, data: bytes, sender: str) -> bytes:
        state = self._vm.state
        before = state.snapshot()
        computation = state.costless_execute_transaction(self._transaction(sender, to, data))
        state.revert(before)
        self._check(computation)
        return bytes(computation.output)

    def advance(self, seconds: int) -> None:
        root, timestamp = self.snapshot()
        self.restore((root, timestamp + seconds))

    def now(self) -> int:
        return int(self._header.timestamp)

    def snapshot(self) -> tuple[bytes, int]:
        root = self._vm.state.make_state_root()
        self._vm.state.persist()
        return root, self._header.timestamp

    def restore(self, snapshot: tuple[bytes, int]) -> None:
        root, timestamp = snapshot
        self._header = self._header.copy(state_root=root, timestamp=timestamp)
        self._vm = self._chain.get_vm(self._header)

    def _transaction(self, sender: str, to: str | None, data: bytes) -> SpoofTransaction:
        account = bytes.fromhex(sender[2:])
        unsigned = self._vm.get_transaction_builder().create_unsigned_transaction(
            nonce=self._vm.state.get_nonce(account),
            gas_price=0,
            gas=GAS,
            to=bytes.fromhex(to[2:]) if to else b"",
            value=0,
            data=data,
        )
        return SpoofTransaction(unsigned, from_=account)

    @staticmethod
    def _check(computation: Any) -> None:
        if computation.is_error:
            raise Reverted(_reason(bytes(computation.output)))


class NodeEvm:
    """A development node that mines each transaction at once (anvil)."""

    def __init__(self, url: str) -> None:
        self._rpc = Rpc(url)
        self.chain_id = int(self._rpc("eth_chainId"), 16)
        for account in ACCOUNTS:
            self._rpc("anvil_setBalance", account.address, hex(10**24))

    def send(self, sender: Account, to: str | None, data: bytes) -> Receipt:
        self.call(to, data, sender.address)
        nonce = int(self._rpc("eth_getTransactionCount", sender.address, "latest"), 16)
        transaction = Transaction(self.chain_id, nonce, 10**9, 10**12, GAS, to, 0, data)
        signed = sign(transaction, sender.key)
        self._rpc("eth_sendRawTransaction", "0x" + signed.raw.hex())
        while (receipt := self._rpc("eth_getTransactionReceipt", signed.hash)) is None:
            self._rpc("evm_mine")
        if receipt["status"] != "0x1":
            raise Reverted
        return Receipt(int(receipt["gasUsed"], 16), receipt["logs"], receipt["contractAddress"] or "")

    def call(self, to: str | None, data: bytes, sender: str) -> bytes:
        message = {"from": sender, "to": to, "data": "0x" + data.hex()}
        try:
            result = self._rpc("eth_call", message, "latest")
        except RpcRefused as error:
            raise Reverted(error.reason or "") from None
        return bytes.fromhex(result[2:])

    def advance(self, seconds: int) -> None:
        self._rpc("evm_increaseTime", seconds)
        self._rpc("evm_mine")

    def now(self) -> int:
        return int(self._rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def snapshot(self) -> str:
        return str(self._rpc("evm_snapshot"))

    def restore(self, snapshot: str) -> None:
        self._rpc("evm_revert", snapshot)


class Deployed:
    """A contract on an EVM: `token.send(alice, "lock", 5)`, `token.get("locked", alice)`."""

    def __init__(self, evm: Evm, name: str, deployer: Account, *arguments: Any) -> None:
        self.evm = evm
        self.contract: Contract = load(name)
        self.deployment = evm.send(deployer, None, self.contract.deployment(*map(_plain, arguments)))
        self.address = self.deployment.contract.lower()

    def send(self, sender: Account, function: str, *arguments: Any) -> Receipt:
        """The receipt of a transaction; raises Reverted."""
        return self.evm.send(sender, self.address, self.contract.call(function, *map(_plain, arguments)))

    def refusal(self, sender: Account, function: str, *arguments: Any) -> str:
        """The reason for which a transaction is refused."""
        try:
            self.send(sender, function, *arguments)
        except Reverted as error:
            return str(error)
        raise AssertionError(f"{function} was not refused")

    def get(self, function: str, *arguments: Any) -> Any:
        """The value that a function returns."""
        data = self.contract.call(function, *map(_plain, arguments))
        return self.contract.result(function, self.evm.call(self.address, data, "0x" + "00" * 20))

    def events(self, receipt: Receipt) -> list[tuple[Any, ...]]:
        """Name and values of this contract's events in a receipt."""
        logs = [log for log in receipt.logs if log["address"].lower() == self.address]
        return [(name, *fields.values()) for name, fields in map(self.contract.event, logs)]


class Forwarder:
    """A contract that sends on whatever anyone sends to it: the target's address as a word, then the data."""

    # CALLDATACOPY all but the first word, CALL the address in it, RETURN or REVERT with what comes back.
    _RUNTIME = bytes.fromhex(
        "6020360360206000376000600060203603600060006000355af13d600060003e6027573d6000fd5b3d6000f3"
    )

    def __init__(self, evm: Evm) -> None:
        self.evm = evm
        loader = bytes.fromhex(f"60{len(self._RUNTIME):02x}80600b6000396000f3")
        self.address = evm.send(OWNER, None, loader + self._RUNTIME).contract.lower()

    def send(self, sender: Account, target: Deployed, function: str, *arguments: Any) -> Receipt:
        data = target.contract.call(function, *map(_plain, arguments))
        return self.evm.send(sender, self.address, bytes.fromhex(target.address[2:]).rjust(32, b"\0") + data)


def _plain(value: Any) -> Any:
    return value.address if isinstance(value, Account | Deployed) else value


def _reason(output: bytes) -> str:
    try:
        return str(decode(["string"], output[4:])[0]) if output[:4] == selector("Error(string)") else ""
    except AbiError:
        return ""
