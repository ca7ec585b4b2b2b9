SELECT offer, epoch FROM stock_epoch WHERE offer = ANY (%s::uuid[])
