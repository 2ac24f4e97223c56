"""Where a person can be reached: changing one's own phone number."""
