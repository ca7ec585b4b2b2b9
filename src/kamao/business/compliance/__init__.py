"""Compliance: rules as data with their legal source, and the steps of checkout that follow from them.

Owns which identity step a cart needs, daily caps, block lists, phone codes, CAPTCHA. Refuses a decision
without the name of its rule, and to keep contacts, addresses, targets or codes in the clear: rows hold
keyed hashes.
"""
