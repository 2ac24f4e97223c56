"""Credit files and the disclosure of decisions."""
