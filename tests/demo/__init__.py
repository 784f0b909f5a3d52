"""`make demo`: a whole ensemble and a whole Kafka cluster on this machine, through our commands alone."""
