"""The demo's sample: a conversation of synthetic voices, searched for until a bundle detects what each turn means."""
