"""Tests of the gate's training and evaluation."""
