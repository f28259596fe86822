"""The building blocks of the stack: one Pulumi component a module, each usable on its own."""
