"""State to view: what each screen must show, still without Kivy."""
