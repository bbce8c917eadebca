"""The protocol's side of an EVM chain: contracts, signing, JSON-RPC, and an embedded development chain."""
