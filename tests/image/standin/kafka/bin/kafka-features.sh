#!/usr/bin/env bash
# See kafka-run-class.sh beside it.
exec "$(dirname "$0")/kafka-run-class.sh" org.apache.kafka.tools.FeatureCommand "$@"
