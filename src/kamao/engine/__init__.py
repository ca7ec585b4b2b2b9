"""The framework-free core: ledger, stock, pricing, trade and escrow over PostgreSQL.

Every operation takes an open psycopg connection inside a transaction, a sequence of items, the time and an id
source, and returns one outcome per item, in order. Refuses to open transactions, retry, read the clock or
call the network.
"""
