"""Groups of options that several subcommands take, and what runs with them."""
