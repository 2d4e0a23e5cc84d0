"""The local certificate authority as values: how its certificates look, what trusting it changes."""
