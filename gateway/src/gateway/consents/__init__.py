"""What people let applications have, and how they take it back."""
