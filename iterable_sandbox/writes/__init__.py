"""Effects of writes on a project. Routes parse requests and build responses; they call these modules in between."""
