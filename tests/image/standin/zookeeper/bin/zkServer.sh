#!/usr/bin/env bash
# The stand-in for bin/zkServer.sh in an archive that is put together from Maven Central, which has the jars only. It does
# the part of the original that images and manifests rely on: finds its configuration, sources java.env, puts the jars
# on the class path, and becomes the JVM. For tests; no image that serves anybody is made from it.
set -u
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${ZOOCFGDIR:=$home/conf}"
[ -f "$ZOOCFGDIR/java.env" ] && . "$ZOOCFGDIR/java.env"

if [ "${1:-}" != start-foreground ]; then
  echo "usage: $0 start-foreground [FILE]" >&2
  exit 1
fi
configuration=${2:-$ZOOCFGDIR/zoo.cfg}
class_path=$ZOOCFGDIR
for jar in "$home"/*.jar "$home"/lib/*.jar; do
  [ -e "$jar" ] && class_path=$class_path:$jar
done
# Unquoted, as in the original: several flags in one variable.
exec java "-Dzookeeper.log.dir=${ZOO_LOG_DIR:-$home/logs}" "-Dzookeeper.root.logger=${ZOO_LOG4J_PROP:-INFO,CONSOLE}" \
  -cp "$class_path" ${SERVER_JVMFLAGS:-} ${JVMFLAGS:-} \
  org.apache.zookeeper.server.quorum.QuorumPeerMain "$configuration"
