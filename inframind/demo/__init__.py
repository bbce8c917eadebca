"""The demo network: a network with a history, created through the usual services (interfaces section 2)."""
