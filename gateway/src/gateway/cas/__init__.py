"""Hand-over to older sites that know nothing but CAS 3.0."""
