"""Verification of backup: outage survival and availability."""
