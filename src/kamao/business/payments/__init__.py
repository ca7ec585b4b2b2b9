"""Payments: what stands between a purchase and a payment provider.

Owns provider accounts, payment intents, the inbox of notices, refund attempts, bills and breaks. Refuses to
post money: the engine's trade operations do, one call per arrival, in the same transaction as the row that
proves it.
"""
