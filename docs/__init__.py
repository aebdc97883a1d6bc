"""What people read, and the program that writes the one page of it nobody should write by hand."""
