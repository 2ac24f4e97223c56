"""What is kept and how it is found: SQLAlchemy statements, compiled once; functions that take a connection."""
