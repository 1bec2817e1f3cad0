"""A pretrained BERT, fine-tuned on sentences: the text branch for whoever has the cores."""
