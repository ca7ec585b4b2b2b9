UPDATE trade_refund
SET state = %s, provider_refund_no = coalesce(%s, provider_refund_no), done_at = %s
WHERE id = %s
