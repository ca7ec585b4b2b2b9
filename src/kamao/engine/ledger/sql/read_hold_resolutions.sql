SELECT hold, outcome FROM ledger_hold_resolution WHERE hold = ANY (%s::uuid[])
