"""Cases as the applicant lives them: draft, materials, submission, acceptance."""
