"""Pages of the network's chain and of deposits."""
