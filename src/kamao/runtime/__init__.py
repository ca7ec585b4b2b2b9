"""Wires everything: settings, embedded database, supervisor, dispatch and the command line. Holds no business
rule.
"""
