"""Templates that come with the service; a province may set its own."""
