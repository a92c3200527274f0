-- A host that moved to another engine says so: of its own instance, by the policies of 0001.
GRANT UPDATE (engine) ON instances TO kombify_agent;
