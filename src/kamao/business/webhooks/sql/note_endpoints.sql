-- Remember what attempts told about endpoints; null leaves a column as it is, and only the enabled are
-- disabled.
UPDATE webhook_endpoint e
   SET throttles_in_row = r.throttles_in_row,
       throttled_until = r.throttled_until,
       failing_since = r.failing_since,
       state = CASE WHEN r.is_gone AND e.state = 'enabled' THEN 'disabled' ELSE e.state END,
       disabled_reason = CASE WHEN r.is_gone AND e.state = 'enabled' THEN 'gone' ELSE e.disabled_reason END,
       disabled_at = CASE WHEN r.is_gone AND e.state = 'enabled' THEN r.at ELSE e.disabled_at END
  FROM json_to_recordset(%(rows)s::json) AS r (
       endpoint_id uuid, throttles_in_row smallint, throttled_until timestamptz, failing_since timestamptz,
       is_gone boolean, at timestamptz)
 WHERE e.id = r.endpoint_id
