"""What lies between the protocols and the machine: TLS, DNS, limits, the bridge to plain services."""
