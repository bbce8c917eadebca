"""A development chain in one process: py-evm behind JSON-RPC on 127.0.0.1, stored in one SQLite file.

Start it with `python -m chain.devnet --data-dir DIR`. It is for development and tests: its keys are public.
"""
