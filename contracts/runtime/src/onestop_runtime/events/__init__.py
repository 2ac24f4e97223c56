"""What operators of any service see of its events, and what they do when some are held up."""
