"""Trade: orders from submit to settlement, purchases of consumers, payments, refunds, events."""
