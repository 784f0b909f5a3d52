"""What both tools share: the pod, its environment, its files. Imports nothing of either tool."""
