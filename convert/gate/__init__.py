"""The speech gate: a sixth tiny model that tells speech from everything else, and its rivals.

material, sounds ──► windows ──train──► gate.tflite ──evaluate beside webrtcvad and the level gate──► figures, curves
"""
