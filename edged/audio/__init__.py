"""Where samples come from: microphone and recording are the sources, resample and ring serve them."""
