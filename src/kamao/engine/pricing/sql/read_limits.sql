SELECT target, sales_channel, effective_from, floor_e4, ceiling_e4
FROM pricing_channel_limit WHERE target = ANY (%s::uuid[])
