"""The only Kivy code; everything here runs on the Kivy thread."""
