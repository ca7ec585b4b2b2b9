-- Write the log lines of finished attempts; one JSON array carries them all.
INSERT INTO webhook_attempt (id, delivery_id, number, is_extra, at, outcome, status, latency_ms, excerpt)
SELECT r.id, r.delivery_id, r.number, r.is_extra, r.at, r.outcome, r.status, r.latency_ms, r.excerpt
  FROM json_to_recordset(%(rows)s::json) AS r (
       id uuid, delivery_id uuid, number smallint, is_extra boolean, at timestamptz, outcome text,
       status smallint, latency_ms int, excerpt text)
 WHERE EXISTS (SELECT FROM webhook_delivery d WHERE d.id = r.delivery_id)
