-- Drop old messages with their deliveries and log lines, unless one is still on its way to an endpoint in
-- use.
WITH old AS (
    SELECT m.id
      FROM webhook_message m
     WHERE m.created_at < %(before)s
       AND NOT EXISTS (
           SELECT FROM webhook_delivery d
             JOIN webhook_endpoint e ON e.id = d.endpoint_id
            WHERE d.message_id = m.id
              AND (d.settled_at >= %(before)s OR (d.settled_at IS NULL AND e.state = 'enabled')))
     ORDER BY m.created_at
     LIMIT %(limit)s
), attempts AS (
    DELETE FROM webhook_attempt a USING webhook_delivery d, old
     WHERE a.delivery_id = d.id AND d.message_id = old.id
), deliveries AS (
    DELETE FROM webhook_delivery d USING old WHERE d.message_id = old.id
)
DELETE FROM webhook_message m USING old WHERE m.id = old.id
