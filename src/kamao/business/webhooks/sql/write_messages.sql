-- Store events' final bodies. A repeat (after a crash between two commits) changes nothing.
INSERT INTO webhook_message (id, organisation_id, cell, seq, event_type, body, created_at)
SELECT r.id, r.organisation_id, r.cell, r.seq, r.event_type, r.body, r.created_at
  FROM json_to_recordset(%(rows)s::json) AS r (
       id uuid, organisation_id uuid, cell smallint, seq bigint, event_type text,
       body text, created_at timestamptz)
ON CONFLICT (id) DO NOTHING
