"""The networks of ``keras.applications``, layer by layer: one file a family. How one is written: `net`."""
