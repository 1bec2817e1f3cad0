"""A recording of a call to what each party's sound holds: windows with scores, spans of speech, the band."""
