"""What sound files are made of, where libsndfile does not say: lengths, names of foreign formats, MP3 frames."""
