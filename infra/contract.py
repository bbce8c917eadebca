"""The settlement contract, read through any node: root and slashes of an epoch (R52)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from infra.refusals import Refused
from protocol.addresses import keccak256, normalize
from protocol.errors import AddressInvalid

TIMEOUT_SECONDS: Final = 30.0
# Blocks per request; halved while the node refuses.
RANGE: Final = 1_000
# As many slashes as one transaction holds; a full list can go on in later blocks.
MAX_SLASHES: Final = 64
_SETTLED: Final = "EpochSettled(uint256,bytes32,uint256)"
_SLASHED: Final = "Slashed(uint256,address,uint256)"


class AnchoredEpoch(NamedTuple):
    """An epoch in the contract: its root as 0x-hex, and the slashes that it was told of, µIFM by address."""

    root: str
    slashes: dict[str, int]


class _Event(NamedTuple):
    """An event of an epoch: a slash of a node, or its submission (`node` is "")."""

    block: int
    log_index: int
    epoch: int
    node: str
    amount: int


class SettlementContract:
    """Reads of a contract through a node. Every method raises Refused."""

    def __init__(self, url: str, address: str) -> None:
        import httpx

        try:
            self._address = normalize(address)
        except AddressInvalid as error:
            raise Refused(error.code, error.detail) from None
        self._url, self._http = url, httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def require(self, chain_id: int) -> None:
        """Refuse a node of another chain, and an address without a settlement contract."""
        served = self._number("eth_chainId")
        if served != chain_id:
            raise Refused(
                "wrong_chain", f"The node serves chain {served}, and the network is on chain {chain_id}."
            )
        try:
            self._read("NETWORK()")
        except Refused as refusal:
            if refusal.code == "chain_unreachable":
                raise
            raise Refused(
                "not_anchored", f"There is no settlement contract at {self._address} on chain {chain_id}."
            ) from None

    def epoch(self, number: int, block: int) -> AnchoredEpoch:
        """An epoch that was submitted in a block."""
        last = int(self._read("last_epoch()"), 16)
        if number > last:
            raise Refused("not_anchored", f"The contract has no epoch {number}: its last one is {last}.")
        return AnchoredEpoch(self._read("root_of(uint256)", number).lower(), self._slashes(number, block))

    def _slashes(self, number: int, block: int) -> dict[str, int]:
        """The list of the epoch's submission in a block, with what was added to it before the next epoch."""
        listed: dict[str, int] | None = None
        for events in self._ranges(number, block):
            for event in events:
                if not event.node and event.epoch == number:
                    # The latest submission counts: an earlier one was revoked.
                    listed = {}
                elif not event.node and listed is not None:
                    return listed
                elif event.epoch == number and listed is not None:
                    listed[event.node] = event.amount
            if listed is None:
                raise Refused(
                    "not_anchored", f"The node lists no submission of epoch {number} in block {block}."
                )
            if not listed or len(listed) % MAX_SLASHES:
                break
        assert listed is not None
        return listed

    def _ranges(self, number: int, block: int) -> Iterator[list[_Event]]:
        """The events of an epoch and of the next one's submission: of the block, then of later ones."""
        yield self._events(number, block, block)
        first, span, newest = block + 1, RANGE, self._number("eth_blockNumber")
        while first <= newest:
            last = min(first + span - 1, newest)
            try:
                events = self._events(number, first, last)
            except Refused as refusal:
                if refusal.code != "chain_refused" or last == first:
                    raise
                span = (last - first + 1) // 2
                continue
            yield events
            first = last + 1

    def _events(self, number: int, first: int, last: int) -> list[_Event]:
        topics = [[_topic(_SETTLED), _topic(_SLASHED)], [f"0x{number:064x}", f"0x{number + 1:064x}"]]
        query = {"address": self._address, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
        answer = self._call("eth_getLogs", query)
        try:
            return sorted(map(_event, answer))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            raise _malformed("eth_getLogs") from None

    def _number(self, method: str) -> int:
        answer = self._call(method)
        try:
            return _whole(answer)
        except (ValueError, TypeError):
            raise _malformed(method) from None

    def _read(self, function: str, *numbers: int) -> str:
        """The word that a function returns, as 0x-hex."""
        data = keccak256(function.encode())[:4].hex() + "".join(f"{number:064x}" for number in numbers)
        answer = self._call("eth_call", {"to": self._address, "data": f"0x{data}"}, "latest")
        try:
            if len(bytes.fromhex(answer.removeprefix("0x"))) == 32:
                return str(answer)
        except (ValueError, TypeError, AttributeError):
            pass
        raise _malformed("eth_call")

    def _call(self, method: str, *parameters: Any) -> Any:
        import httpx

        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        try:
            answer = self._http.post(self._url, json=request).json()
            if answer.get("error") is not None:
                raise Refused(
                    "chain_refused", f"The node refuses {method}: {answer['error'].get('message')}."
                )
            return answer["result"]
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError, AttributeError) as error:
            # The address can contain a key of the provider.
            raise Refused("chain_unreachable", f"The node gave no answer: {type(error).__name__}.") from None


def _malformed(method: str) -> Refused:
    return Refused("chain_malformed", f"The node gave a malformed answer to {method}.")


def _event(log: dict[str, Any]) -> _Event:
    topics, slashed = log["topics"], log["topics"][0] == _topic(_SLASHED)
    return _Event(
        block=_whole(log["blockNumber"]),
        log_index=_whole(log["logIndex"]),
        epoch=_whole(topics[1]),
        node="0x" + bytes.fromhex(topics[2][2:])[-20:].hex() if slashed else "",
        amount=_whole(log["data"]) if slashed else 0,
    )


def _whole(text: str) -> int:
    """A number of up to 256 bits. Raises ValueError or TypeError for anything else."""
    number = int(text, 16)
    if not 0 <= number < 1 << 256:
        raise ValueError(text)
    return number


def _topic(event: str) -> str:
    return "0x" + keccak256(event.encode()).hex()
