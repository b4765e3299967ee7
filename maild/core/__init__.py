"""The pure core: values in, values out; no clock, no disk, no network, no chance."""
