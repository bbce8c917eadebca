"""The transactions that lock tokens in the protocol (R54)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from chain.configuration import ChainConfiguration
from chain.contracts import load
from protocol.addresses import checksum

PERMIT_LOCK = "lock_with_permit(address,uint256,uint256,uint8,bytes32,bytes32)"
PERMIT_FIELDS = {
    "owner": "address",
    "spender": "address",
    "value": "uint256",
    "nonce": "uint256",
    "deadline": "uint256",
}
DOMAIN_FIELDS = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}


@dataclass(frozen=True, slots=True)
class LockTransaction:
    """A call of the token contract that the owner of the tokens sends.

    `cast`: as a command line of Foundry. `permit`: command lines with which the owner signs, and anyone sends.
    """

    to: str
    data: str
    cast: str
    permit: str


def lock_transaction(configuration: ChainConfiguration, owner: str, amount: int) -> LockTransaction:
    """The call of `lock` for an amount in µIFM."""
    token = checksum(configuration.token)
    rpc = configuration.public_rpc
    cast = f'cast send {token} "lock(uint256)" {amount} --rpc-url {rpc} --interactive'
    permit = _permit_commands(token, checksum(owner), amount, configuration.chain_id, rpc)
    return LockTransaction(token, "0x" + load("IFM").call("lock", amount).hex(), cast, permit)


def _permit_commands(token: str, owner: str, amount: int, chain_id: int, rpc: str) -> str:
    """Sign a permit (EIP-2612) that is good for an hour, and send it. The nonce is read when the commands run."""
    message = {
        "owner": owner,
        "spender": token,
        "value": str(amount),
        "nonce": "$nonce",
        "deadline": "$deadline",
    }
    typed = json.dumps(permit_data(chain_id, token, message), separators=(",", ":"))
    # Out of the single quotes that hold the JSON, for the shell to fill in.
    typed = typed.replace("$nonce", "'$nonce'").replace("$deadline", "'$deadline'")
    return "\n".join(
        (
            f'nonce=$(cast call {token} "nonces(address)(uint256)" {owner} --rpc-url {rpc})',
            "deadline=$(($(date +%s) + 3600))",
            f"signature=$(cast wallet sign --interactive --data '{typed}')",
            f'cast send {token} "{PERMIT_LOCK}" {owner} {amount} $deadline '
            "0x${signature:130:2} ${signature:0:66} 0x${signature:66:64} "
            f"--rpc-url {rpc} --interactive",
        )
    )


def permit_data(chain_id: int, token: str, message: dict[str, Any]) -> dict[str, Any]:
    """A permit as wallets sign it (EIP-712)."""
    return {
        "types": {"EIP712Domain": _fields(DOMAIN_FIELDS), "Permit": _fields(PERMIT_FIELDS)},
        "primaryType": "Permit",
        "domain": {"name": "InfraMind", "version": "1", "chainId": chain_id, "verifyingContract": token},
        "message": message,
    }


def _fields(types: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in types.items()]
