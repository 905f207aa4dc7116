"""Hourly profiles: solar, wind, price, carbon, synthetic years, time segmentation."""
