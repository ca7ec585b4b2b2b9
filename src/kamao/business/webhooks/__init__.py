"""Webhooks: endpoints of organisations, signed deliveries of events, their log and their replay."""
