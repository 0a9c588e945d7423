"""What acts on the world: clocks, time servers, HTTP, the path to a host. `ports` says what we ask of them."""
