"""One file a module, without a broker, a sound server or a corpus."""
