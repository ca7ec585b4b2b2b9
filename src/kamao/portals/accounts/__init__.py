"""What every console shares: who acts for which organisation, sign-in, invitations, members, API keys, audit,
exports.

Refuses a look of its own (the kit's) and anything only one console needs.
"""
