"""Stock of codes: lots, sealed codes, allocation, reservation, recall, audited reveal.

Refuses a code twice, an expired code, and any look at a code that leaves no trace.
"""
