SELECT epoch FROM pricing_epoch
