UPDATE stock_code AS c SET state = 'reserved', holder = t.holder
FROM unnest(%s::uuid[], %s::uuid[]) AS t (id, holder)
WHERE c.id = t.id AND c.state = 'free'
