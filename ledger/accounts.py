"""Names of the ledger's accounts (R9)."""

ISSUANCE = "issuance"
REWARD_POOL = "reward_pool"
DEPOSITS = "deposits"
TREASURY = "treasury"
BURNED = "burned"
# With a chain: minus the tokens that entered from it, and those whose exit waits for the settlement (R54, R55).
CUSTODY = "custody"
EXITS = "exits"


def wallet(address: str) -> str:
    """The free tokens of a wallet."""
    return f"wallet:{address}"


def stake(node: str) -> str:
    """The operator's own bonded tokens of a node."""
    return f"stake:{node}"


def pool(node: str) -> str:
    """The delegated bonded tokens of a node."""
    return f"pool:{node}"


def unbonding(node: str) -> str:
    """The unbonding tokens of a node."""
    return f"unbonding:{node}"


def rewards(node: str) -> str:
    """The earnings of a node's operator and delegators, not yet claimed."""
    return f"rewards:{node}"
