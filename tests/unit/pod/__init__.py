"""The floor: zkboot.pod."""
