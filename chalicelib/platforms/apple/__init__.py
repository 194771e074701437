"""iPhones, iPads, Macs and Apple TVs: the MDM protocol, declarative management and enrollment."""
