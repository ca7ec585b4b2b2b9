"""The ledger: accounts, immutable postings, holds, floors. Refuses floats, one-sided entries and edits."""
