"""The look every portal shares: base pages, components, icons, formats, error pages. Holds no business
rule.
"""
