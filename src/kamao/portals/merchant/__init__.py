"""The merchant console: today, orders, wallet, members, keys, audit. Refuses anything of another merchant
(404).
"""
