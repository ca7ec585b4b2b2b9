"""Escrow: what becomes of an order's money after it was captured. Shares add up exactly; held never goes
below zero.
"""
