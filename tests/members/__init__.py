"""Members come and go, volumes get lost: real ZooKeepers in network namespaces under a client that counts."""
