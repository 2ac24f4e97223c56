"""The rules of intake, one file per noun; pure: nothing here reads a clock, a file or a database."""
