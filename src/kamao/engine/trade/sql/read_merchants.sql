SELECT id, level, status FROM trade_merchant WHERE id = ANY (%s::uuid[])
