"""zkGenConfig.sh, zkOk.sh and zkMetrics.sh."""
