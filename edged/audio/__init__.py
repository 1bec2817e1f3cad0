"""Where samples come from: microphone and recording (sources), resample (any rate to 16 kHz), ring (between threads)."""
