"""Tests of the heads on the pretrained encoder."""
