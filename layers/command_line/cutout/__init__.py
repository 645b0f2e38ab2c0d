"""`cutout photo.jpg`: the service at the command line. It is a caller of the API like any other."""
