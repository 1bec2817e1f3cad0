"""config.yaml to frozen, validated structs; overrides by command, reload."""
