"""What follows from what is known. Pure: no clock, no network, no files."""
