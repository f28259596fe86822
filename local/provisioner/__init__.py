"""Creates on an AWS emulator what the Pulumi program asks for: a small engine, and a handler for each resource type."""
