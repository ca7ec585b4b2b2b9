SELECT seq FROM trade_sequence WHERE name = 'event' FOR UPDATE SKIP LOCKED
