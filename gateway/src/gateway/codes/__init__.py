"""One-time codes: six digits sent to a phone, to prove that somebody holds it."""
