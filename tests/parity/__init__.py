"""What the original shell scripts write against what this project writes."""
