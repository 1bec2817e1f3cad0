"""Results to the model card: Markdown and plots."""
