"""Records 信用记录: what an agency decided about a subject, and how it is disclosed 公示."""
