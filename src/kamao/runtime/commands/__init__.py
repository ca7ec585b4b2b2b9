"""One module per command of `./kamao`: HELP, add_arguments(parser), run(args) -> exit code."""
