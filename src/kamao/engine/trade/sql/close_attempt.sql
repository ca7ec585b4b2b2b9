UPDATE trade_attempt
SET state = %s, upstream_no = coalesce(%s, upstream_no), answer_code = %s, closed_at = %s
WHERE id = %s
