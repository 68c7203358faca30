"""The web pages of the hall: templates, plain ES modules, and the routes that serve them."""
