"""The sandbox bank: a payment provider that is a process of its own and can be told to fail.

Run `python -m kamao_sandbox.bank --port P --home DIR --notify-url URL`. State is one SQLite file in the
home, written with full synchronisation: `kill -9` loses nothing that was answered. The protocol is
described in `protocol.py`.
"""
