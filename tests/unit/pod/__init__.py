"""Of what both tools stand on: zkboot.pod."""
