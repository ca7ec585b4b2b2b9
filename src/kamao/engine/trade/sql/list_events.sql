SELECT seq, id, type, organisation, created_at, trade_event_data(e)::text
FROM trade_event AS e
WHERE (%(organisation)s::uuid IS NULL OR organisation = %(organisation)s::uuid)
    AND (%(seq)s::bigint IS NULL OR seq < %(seq)s::bigint)
    AND (%(types)s::text[] IS NULL OR type = ANY (%(types)s::text[]))
ORDER BY seq DESC
LIMIT %(limit)s
