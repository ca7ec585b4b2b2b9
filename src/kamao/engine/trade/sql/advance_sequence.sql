UPDATE trade_sequence SET seq = seq + %s WHERE name = 'event'
