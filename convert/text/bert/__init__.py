"""A pretrained BERT, fine-tuned on sentences: the text branch for machines with the cores for it."""
