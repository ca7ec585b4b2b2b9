"""House rules that ruff does not know, as code: each rule is a function whose docstring says why it exists.

Run by `./kamao check` (`python -m tools.tidy`); tested in tests/arch. Prints `path:line: rule: what`, exits 1
on findings.
"""
