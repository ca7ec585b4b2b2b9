"""The benchmarks of a node: ratios measured in one run on one machine, against references of the same run.

Owns the temporary node, the load generators and the table. Refuses to count a run with errors or refused
orders.
"""
