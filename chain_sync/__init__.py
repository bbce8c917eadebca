"""Submits epochs to the chain and mirrors deposits from it."""
