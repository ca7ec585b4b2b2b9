"""Pure values every other package stands on: money, ids, time, errors, states, limits, sealing.

Refuses: any framework, any database, any network.
"""
