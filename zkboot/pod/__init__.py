"""The floor both tools stand on: the pod, its environment, its files. Knows neither ZooKeeper nor Kafka."""
