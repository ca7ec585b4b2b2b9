SELECT seq, id, type, organisation, created_at, trade_event_data(e)::text
FROM trade_event AS e
WHERE seq > %s AND seq <= %s AND (notify OR organisation = ANY (%s::uuid[]))
ORDER BY seq
