"""Staff: who serves which agency, with which roles."""
