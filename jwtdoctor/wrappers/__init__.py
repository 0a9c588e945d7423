"""What wraps other people's code: `watch`, the iat log, and the one retry with true time."""
