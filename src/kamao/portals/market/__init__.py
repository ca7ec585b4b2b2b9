"""The hosted shop: pages that a buyer sees at /s/<slug>/. Thin: every decision is in business.shops."""
