"""The interfaces of other registers over the same core, so that an integrator moves over by changing an address."""
