"""What is proved, on real parts; the folders mirror the rooms."""
