#!/usr/bin/env bash
# See kafka-run-class.sh beside it.
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:-"-Xmx1G -Xms1G"}
exec "$(dirname "$0")/kafka-run-class.sh" kafka.Kafka "$@"
