"""What baove costs beside its peers, measured on this machine in one run: `make bench`. Never a test."""
