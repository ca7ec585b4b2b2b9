-- No floor is broken, counting holds.
SELECT name, 'at least ' || floor_minor, balance - pending
FROM ledger_account WHERE floored AND balance - pending < floor_minor
