"""Breaks a stack on purpose while people work on it, and looks afterwards whether anything is lost or done twice."""
