-- Take due deliveries of every endpoint that has room, oldest first, and lease them to this sender.
-- `pending` walks the distinct endpoints with anything waiting by index probes (a loose index scan), so that
-- the cost grows with those endpoints and with what is taken, never with the backlog of one of them.
WITH RECURSIVE pending AS (
    (SELECT endpoint_id
       FROM webhook_delivery
      WHERE state = 'waiting'
      ORDER BY endpoint_id
      LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id
              FROM webhook_delivery d
             WHERE d.state = 'waiting' AND d.endpoint_id > p.endpoint_id
             ORDER BY d.endpoint_id
             LIMIT 1)
      FROM pending p
     WHERE p.endpoint_id IS NOT NULL
), picked AS (
    SELECT due.id
      FROM pending p
      JOIN webhook_endpoint e ON e.id = p.endpoint_id
      LEFT JOIN unnest(%(known)s::uuid[], %(room)s::int[]) AS known (endpoint_id, room)
             ON known.endpoint_id = e.id
     CROSS JOIN LATERAL (
           SELECT d.id
             FROM webhook_delivery d
            WHERE d.endpoint_id = e.id AND d.state = 'waiting' AND d.next_attempt_at <= %(at)s
            ORDER BY d.next_attempt_at
            LIMIT coalesce(known.room, %(room_default)s)
              FOR UPDATE SKIP LOCKED
           ) due
     WHERE e.state = 'enabled'
       AND (e.throttled_until IS NULL OR e.throttled_until <= %(at)s)
     LIMIT %(total)s
)
UPDATE webhook_delivery d
   SET state = 'sending', claimed_by = %(sender)s, lease_until = %(lease_until)s
  FROM picked, webhook_message m, webhook_endpoint e
 WHERE d.id = picked.id AND m.id = d.message_id AND e.id = d.endpoint_id
RETURNING d.id, d.endpoint_id, d.attempts_made, d.resume_at, m.id, m.body,
          coalesce(d.url, e.url), d.url IS NOT NULL, e.secret_sealed,
          e.previous_secret_sealed, e.previous_secret_until,
          e.throttles_in_row, e.failing_since
