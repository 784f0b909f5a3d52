"""The ground: text of properties and variables to values and back; imports nothing of Kafka's tool."""
