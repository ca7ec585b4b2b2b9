UPDATE ledger_account SET floor_minor = %s WHERE id = %s AND balance - pending >= %s
