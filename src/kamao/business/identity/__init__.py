"""Who may do what: people, organisations, members, invitations, second factors, API keys and the audit trail.

Refuses: prices, stock and money. Whoever needs to know "may this person or key do this" asks here.
"""
