INSERT INTO stock_epoch (offer, epoch) VALUES (%s, 1)
ON CONFLICT (offer) DO UPDATE SET epoch = stock_epoch.epoch + 1
