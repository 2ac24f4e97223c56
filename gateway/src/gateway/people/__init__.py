"""People: who they are, whom they may act for, which agency they serve."""
