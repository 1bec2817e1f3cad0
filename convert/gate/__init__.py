"""The speech gate: a sixth small model that separates speech from everything else, beside its alternatives.

material, sounds ──► windows ──train──► gate.tflite ──evaluate beside webrtcvad and the level gate──► metrics, curves
"""
