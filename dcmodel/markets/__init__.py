"""One file per tariff or contract form."""
