"""The simulator: many clients, few codes, dry wallets and processes killed -9, against a model that knows the
answer.

Owns the workload, the faults and the verdict. The model is computed from requests and answers alone; the
engine's own queries are never asked.
"""
