"""The commands of people, a module for what belongs together. Importing one imports
only what describing its commands takes."""
