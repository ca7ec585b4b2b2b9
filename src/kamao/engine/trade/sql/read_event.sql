SELECT seq, id, type, organisation, created_at, trade_event_data(e)::text
FROM trade_event AS e WHERE id = %s AND organisation = %s
