SELECT seq, id, type, organisation, created_at, data::text
FROM trade_event WHERE id = %s AND organisation = %s
