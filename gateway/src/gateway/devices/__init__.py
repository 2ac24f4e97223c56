"""Devices that cannot show a sign-in page: what they ask for is approved elsewhere (RFC 8628)."""
