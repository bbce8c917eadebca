"""The settlement contract, read through any node: root and slashes of an epoch (R52)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from infra.refusals import Refused
from protocol.addresses import keccak256, normalize
from protocol.errors import AddressInvalid

TIMEOUT_SECONDS: Final = 30.0
_SETTLED: Final = "EpochSettled(uint256,bytes32,uint256)"
_SLASHED: Final = "Slashed(uint256,address,uint256)"


class AnchoredEpoch(NamedTuple):
    """An epoch in the contract: its root as 0x-hex, and the slashes of its submission, µIFM by address."""

    root: str
    slashes: dict[str, int]


class SettlementContract:
    """Reads of a contract through a node. Every method raises Refused."""

    def __init__(self, url: str, address: str) -> None:
        import httpx

        try:
            self._address = normalize(address)
        except AddressInvalid as error:
            raise Refused(error.code, error.detail) from None
        self._url, self._http = url, httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False)

    def epoch(self, number: int, block: int) -> AnchoredEpoch:
        """An epoch that was submitted in a block."""
        last = int(self._read("last_epoch()"), 16)
        if number > last:
            raise Refused("not_anchored", f"The contract has no epoch {number}: its last one is {last}.")
        root = self._read("root_of(uint256)", number)
        logs = self._events(number, block)
        submissions = [place for place, one in enumerate(logs) if one["topics"][0] == _topic(_SETTLED)]
        if not submissions:
            raise Refused(
                "not_anchored", f"The node lists no submission of epoch {number} from block {block} on."
            )
        slashes = {
            "0x" + one["topics"][2][-40:].lower(): int(one["data"], 16) for one in logs[submissions[-1] + 1 :]
        }
        return AnchoredEpoch(root.lower(), slashes)

    def _events(self, number: int, block: int) -> list[dict[str, Any]]:
        """The events of an epoch in their order; of the block alone where the node refuses a longer range."""
        topics = [[_topic(_SETTLED), _topic(_SLASHED)], f"0x{number:064x}"]
        query = {"address": self._address, "topics": topics, "fromBlock": hex(block), "toBlock": "latest"}
        try:
            logs = self._call("eth_getLogs", query)
        except Refused:
            logs = self._call("eth_getLogs", {**query, "toBlock": hex(block)})
        return sorted(logs, key=lambda one: (int(one["blockNumber"], 16), int(one["logIndex"], 16)))

    def _read(self, function: str, *numbers: int) -> str:
        data = keccak256(function.encode())[:4].hex() + "".join(f"{number:064x}" for number in numbers)
        answer = self._call("eth_call", {"to": self._address, "data": f"0x{data}"}, "latest")
        if not isinstance(answer, str) or len(answer) != 66:
            raise Refused("not_anchored", f"There is no settlement contract at {self._address}.")
        return answer

    def _call(self, method: str, *parameters: Any) -> Any:
        import httpx

        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        try:
            answer = self._http.post(self._url, json=request).json()
            if "error" in answer:
                raise Refused(
                    "chain_refused", f"The node refuses {method}: {answer['error'].get('message')}."
                )
            return answer["result"]
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError, AttributeError) as error:
            # The address can contain a key of the provider.
            raise Refused("chain_unreachable", f"The node gave no answer: {type(error).__name__}.") from None


def _topic(event: str) -> str:
    return "0x" + keccak256(event.encode()).hex()
