"""Proceedings as the office lives them: tasks, clocks, decisions, licences."""
