SELECT seq, id, type, organisation, created_at, data::text
FROM trade_event
WHERE seq > %s AND seq <= %s AND (notify OR organisation = ANY (%s::uuid[]))
ORDER BY seq
