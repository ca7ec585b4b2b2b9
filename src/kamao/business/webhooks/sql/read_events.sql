-- The next events of this cell whose organisation has an endpoint that may want them, and the last number looked at.
-- One cell's path is set on the connection; numbers have no holes in commit order, because one sequencer gives them.
WITH fresh AS MATERIALIZED (
    SELECT seq, id, type, organisation, data, created_at
      FROM trade_event
     WHERE seq > %(after)s
     ORDER BY seq
     LIMIT %(limit)s
)
SELECT f.seq, f.id, f.type, f.organisation, f.data::text, f.created_at,
       (SELECT coalesce(array_agg(e.id), '{}')
          FROM webhook_endpoint e
         WHERE e.organisation_id = f.organisation AND e.cell = %(cell)s AND e.state = 'enabled'
           AND (e.event_types = '{}' OR f.type = ANY(e.event_types)
                OR split_part(f.type, '.', 1) || '.*' = ANY(e.event_types)))
  FROM fresh f
 ORDER BY f.seq
