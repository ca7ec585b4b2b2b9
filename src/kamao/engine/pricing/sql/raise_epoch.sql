-- The transaction's id makes an epoch unique even when the transaction that first raised it is rolled back: a
-- price book that looked inside that transaction must not take a later epoch for the one it saw.
UPDATE pricing_epoch
SET epoch = (pg_current_xact_id()::text::bigint << 12) | ((epoch + 1) & 4095)
WHERE id = 1
