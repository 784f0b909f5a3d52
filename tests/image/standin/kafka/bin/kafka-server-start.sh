#!/usr/bin/env bash
# See kafka-run-class.sh beside it.
export KAFKA_HEAP_OPTS=${KAFKA_HEAP_OPTS:-"-Xmx1G -Xms1G"}
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ -e "$home/config/log4j2.yaml" ]; then
  logging=-Dlog4j2.configurationFile=$home/config/log4j2.yaml
else
  logging=-Dlog4j.configuration=file:$home/config/log4j.properties
fi
export KAFKA_LOG4J_OPTS=${KAFKA_LOG4J_OPTS:-$logging}
exec "$home/bin/kafka-run-class.sh" kafka.Kafka "$@"
