#!/bin/sh
# Stands in for the server and for Kafka's storage tool: writes down what everybody on the machine could see of it.
umask 077
{
  echo "cmdline: $(tr '\0' ' ' </proc/$$/cmdline)"
  echo "parent: $(tr '\0' ' ' </proc/$PPID/cmdline)"
  tr '\0' '\n' </proc/$$/environ | sed 's/^/environ: /'
} >>"$ZKB_RECORD"
case "$*" in
*format*) mkdir -p "$ZKB_DATA" && printf 'version=1\nnode.id=2\ncluster.id=%s\n' "$ZKB_CLUSTER" >"$ZKB_DATA/meta.properties" ;;
esac
