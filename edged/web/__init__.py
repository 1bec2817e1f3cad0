"""Pages for people without a terminal: one program, one navigation, one look."""
