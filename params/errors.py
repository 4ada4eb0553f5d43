"""The one error that means: the user can mend this."""


class InputError(ValueError):
    """Input that a person gave is wrong; the message alone must be enough to mend it.

    The command line prints the message as one line and exits with status 2. Every other exception
    is a failure or a bug of ours.
    """
