-- One delivery per message and endpoint, due at once. `url` is set where an order brought its own address.
INSERT INTO webhook_delivery (
       id, endpoint_id, message_id, url, state, attempts_made, next_attempt_at, last_outcome, created_at)
SELECT r.id, r.endpoint_id, r.message_id, r.url, 'waiting', 0, %(at)s, '', %(at)s
  FROM json_to_recordset(%(rows)s::json) AS r (id uuid, endpoint_id uuid, message_id uuid, url text)
ON CONFLICT (message_id, endpoint_id) DO NOTHING
