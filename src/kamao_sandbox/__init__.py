"""Local test counterparts of the outside world that misbehave on purpose.

Owns: separate processes that speak like a bank (later: a supplier), so that every failure of an outside
party can be produced at will. Refuses: importing anything of `kamao`; touching real money; being reachable
by default from other machines.
"""
