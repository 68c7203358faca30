"""Touch-screen apps for the terminals of a public-service hall."""
