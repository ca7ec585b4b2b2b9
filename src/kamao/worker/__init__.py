"""Background work: the job registry (procrastinate), schedules and relay loops; plugs connectors into ports."""
