"""The TLS files: zkboot.pod.tls."""
