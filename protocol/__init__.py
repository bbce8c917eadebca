"""The rules of the network: pure functions and frozen dataclasses over integers.

Nothing here reads a clock, a database or a setting. Amounts are µIFM, ratios are basis points,
times are unix milliseconds. Rules (R14) and sections are those of docs/protocol.md.
"""
