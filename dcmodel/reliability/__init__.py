"""Verification of backup: outage survival and availability, in plain numpy."""
