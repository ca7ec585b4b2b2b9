"""The operator's back office: node health, money of the day, orders from end to end, organisations, manual
acts.

Refuses whoever is no member of an operator organisation (404), and every write without its permission, a
fresh second factor and an audit entry.
"""
