"""Background work: jobs (procrastinate), schedules and relay loops; plugs connectors into ports."""
