"""The demo network: a small world with a past, made by acting in it (interfaces section 2)."""
