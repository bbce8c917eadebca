"""Archive and drop rows that the network no longer reads: receipts, heartbeats, rankings and events of old epochs.

`docs/operations.md` (Retention) has the rules. The steps of an epoch's receipts: `archive_epoch` writes and verifies a
file, `forget` marks the job ids as forgotten, `drop` deletes the keys in batches and drops the partition. Each step
may run again, and the next run goes on where a process died.
"""
