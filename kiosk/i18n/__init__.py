"""What citizens read, in Chinese and English."""
