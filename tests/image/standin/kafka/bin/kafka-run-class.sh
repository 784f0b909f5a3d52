#!/usr/bin/env bash
# The stand-in for bin/kafka-run-class.sh in an archive that is put together from Maven Central, which has the jars only. It
# does the part of the original that images and manifests rely on: the jars on the class path, the variables that
# operators set, and becoming the JVM. For tests; no image that serves anybody is made from it.
set -u
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${LOG_DIR:=$home/logs}"
mkdir -p "$LOG_DIR"
# What a tool prints is read by others: as in the original, only the server's own script has the server's logging.
: "${KAFKA_LOG4J_OPTS:=-Dlog4j2.level=ERROR}"
# Unquoted, as in the original: several flags in one variable.
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_JVM_PERFORMANCE_OPTS:-} ${KAFKA_GC_LOG_OPTS:-} \
  "-Dkafka.logs.dir=$LOG_DIR" $KAFKA_LOG4J_OPTS -cp "$home/libs/*" ${KAFKA_OPTS:-} "$@"
