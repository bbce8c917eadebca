"""Access to an EVM chain, an embedded development chain, and what the database knows of the network's chain."""
