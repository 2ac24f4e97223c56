"""Who somebody is: as he says when he registers, and as it was proved since."""
