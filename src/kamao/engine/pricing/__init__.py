"""Pricing: SKUs as the engine needs them, offers, price rules, and prices that explain themselves."""
