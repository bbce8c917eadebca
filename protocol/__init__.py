"""The rules of the network: pure functions and frozen dataclasses over integers.

Nothing here reads a clock, a database or a setting. Amounts are µIFM, ratios are basis points,
times are unix milliseconds; rule numbers refer to the protocol's text.
"""
