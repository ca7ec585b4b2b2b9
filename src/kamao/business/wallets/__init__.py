"""Wallet top-ups that merchants announce: "so much is on its way to your bank under this reference".

Refuses to move money by itself: an announcement changes nothing until a person of the operator confirms it.
"""
