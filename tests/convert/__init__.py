"""Training, quantization, evaluation."""
