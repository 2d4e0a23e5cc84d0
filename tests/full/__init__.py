"""What takes long or asks for much: real browsers, scanners.  Not part of a plain `pytest` run."""
