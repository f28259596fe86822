"""AWS's services by their own HTTP APIs, for the calls that a function's start leads to.

botocore describes 400 services and learns each from its description: importing it and making the first client take
half of what a whole start takes here, before a person's first search or image. What is sent and read here is the same
to the byte (tests/unit/aws). Where nobody waits for a start, `runtime.clients` has botocore's own clients.
"""
