"""The suite. Folders whose fixtures live as long as the folder are packages."""
