"""What operators do to a stack, with AWS credentials of their own: needs the extra `admin`."""
