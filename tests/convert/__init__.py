"""Tests of training, quantisation and evaluation."""
