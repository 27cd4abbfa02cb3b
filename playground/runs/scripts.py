"""stub"""


def script(run, details, settings):
    return ""
