"""What runs in FlappyJournal's containers. One image holds both services; it knows nothing of Backout."""
