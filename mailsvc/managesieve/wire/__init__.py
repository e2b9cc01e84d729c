"""The language of ManageSieve: octets to commands, values to octets; no loop and no socket."""
